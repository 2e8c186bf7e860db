package interop

import (
	"context"
	"testing"
	"time"

	"storj.io/common/storj"
	"storj.io/uplink"
	"storj.io/uplink/private/bucket"
	"storj.io/uplink/private/metaclient"
	"storj.io/uplink/private/multipart"
	"storj.io/uplink/private/object"
)

// lockBucket makes a bucket with Object Lock that goes away with all that is in it.
func lockBucket(ctx context.Context, t *testing.T, project *uplink.Project) string {
	t.Helper()
	name := "lock-" + randomText(t, 12)
	_, err := bucket.CreateBucketWithObjectLock(ctx, project, bucket.CreateBucketWithObjectLockParams{
		Name: name, ObjectLockEnabled: true,
	})
	check(t, err)
	t.Cleanup(func() {
		_, err := bucket.DeleteBucketWithObjectsBypassGovernanceRetention(ctx, project, name)
		check(t, err)
	})
	return name
}

// putLocked tells of the object what the upload itself does not: its lock.
func putLocked(ctx context.Context, t *testing.T, project *uplink.Project, bucket, key string, data []byte, options *object.UploadOptions) *object.VersionedObject {
	t.Helper()
	stored := putVersion(ctx, t, project, bucket, key, data, options)
	stat, err := object.StatObject(ctx, project, bucket, key, stored.Version)
	check(t, err)
	return stat
}

func retentionFor(mode storj.RetentionMode, hours int) metaclient.Retention {
	return metaclient.Retention{Mode: mode, RetainUntil: time.Now().Add(time.Duration(hours) * time.Hour).UTC().Truncate(time.Second)}
}

func TestBucketObjectLock(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := lockBucket(ctx, t, project)
	err := bucket.SetBucketVersioning(ctx, project, name, false)
	wantError(t, "suspending a bucket with locks", err, bucket.ErrBucketInvalidStateObjectLock)
	configuration, err := bucket.GetBucketObjectLockConfiguration(ctx, project, name)
	check(t, err)
	if !configuration.Enabled || configuration.DefaultRetention != nil {
		t.Fatalf("new bucket: %+v", configuration)
	}
	for _, wanted := range []metaclient.DefaultRetention{
		{Mode: storj.GovernanceMode, Days: 3}, {Mode: storj.ComplianceMode, Years: 2},
	} {
		check(t, bucket.SetBucketObjectLockConfiguration(ctx, project, name,
			&metaclient.BucketObjectLockConfiguration{Enabled: true, DefaultRetention: &wanted}))
		configuration, err = bucket.GetBucketObjectLockConfiguration(ctx, project, name)
		check(t, err)
		if *configuration.DefaultRetention != wanted {
			t.Fatalf("default retention: got %+v, want %+v", *configuration.DefaultRetention, wanted)
		}
	}
	err = bucket.SetBucketObjectLockConfiguration(ctx, project, name, &metaclient.BucketObjectLockConfiguration{
		Enabled: true, DefaultRetention: &metaclient.DefaultRetention{Mode: storj.GovernanceMode, Years: 11},
	})
	wantError(t, "eleven years", err, bucket.ErrBucketInvalidObjectLockConfig)

	plain := "plain-" + randomText(t, 12)
	_, err = project.CreateBucket(ctx, plain)
	check(t, err)
	_, err = bucket.GetBucketObjectLockConfiguration(ctx, project, plain)
	wantError(t, "configuration of a bucket without", err, bucket.ErrBucketNoLock)
	enabled := &metaclient.BucketObjectLockConfiguration{Enabled: true}
	err = bucket.SetBucketObjectLockConfiguration(ctx, project, plain, enabled)
	wantError(t, "locks without versions", err, bucket.ErrBucketInvalidStateObjectLock)
	check(t, bucket.SetBucketVersioning(ctx, project, plain, true))
	check(t, bucket.SetBucketObjectLockConfiguration(ctx, project, plain, enabled))
	_, err = bucket.GetBucketObjectLockConfiguration(ctx, project, plain)
	check(t, err)
	// A bucket with locks goes with its objects only past governance mode.
	_, err = project.DeleteBucketWithObjects(ctx, plain)
	wantError(t, "delete with locks", err, uplink.ErrPermissionDenied)
	_, err = bucket.DeleteBucketWithObjectsBypassGovernanceRetention(ctx, project, plain)
	check(t, err)
}

func TestObjectRetention(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := lockBucket(ctx, t, project)
	bypass := &object.DeleteObjectOptions{BypassGovernanceRetention: true}
	for _, mode := range []storj.RetentionMode{storj.ComplianceMode, storj.GovernanceMode} {
		for _, size := range []int{10, 20_000} {
			retention := retentionFor(mode, 1)
			stored := putLocked(ctx, t, project, name, "key", randomBytes(t, size), &object.UploadOptions{Retention: retention})
			mustRetain(t, "of the object", stored.Retention, retention)
			_, err := object.DeleteObject(ctx, project, name, "key", stored.Version, nil)
			wantError(t, "delete of what is retained", err, object.ErrObjectProtected)

			longer := retentionFor(mode, 2)
			check(t, object.SetObjectRetention(ctx, project, name, "key", stored.Version, longer, nil))
			got, err := object.GetObjectRetention(ctx, project, name, "key", nil)
			check(t, err)
			mustRetain(t, "after it grew", got, longer)
			err = object.SetObjectRetention(ctx, project, name, "key", stored.Version, retention, nil)
			wantError(t, "a shorter retention", err, object.ErrObjectProtected)

			past := &object.SetObjectRetentionOptions{BypassGovernanceRetention: true}
			err = object.SetObjectRetention(ctx, project, name, "key", stored.Version, retention, past)
			if mode == storj.ComplianceMode {
				wantError(t, "a shorter retention past governance", err, object.ErrObjectProtected)
				_, err = object.DeleteObject(ctx, project, name, "key", stored.Version, bypass)
				wantError(t, "delete past governance", err, object.ErrObjectProtected)
				continue
			}
			check(t, err)
			_, err = object.DeleteObject(ctx, project, name, "key", stored.Version, bypass)
			check(t, err)
		}
	}
	free := putLocked(ctx, t, project, name, "free", []byte("1"), nil)
	_, err := object.GetObjectRetention(ctx, project, name, "free", free.Version)
	wantError(t, "no retention", err, object.ErrRetentionNotFound)
	marker, err := object.DeleteObject(ctx, project, name, "free", nil, nil)
	check(t, err)
	_, err = object.GetObjectRetention(ctx, project, name, "free", marker.Version)
	wantError(t, "retention of a marker", err, object.ErrObjectLockInvalidObjectState)

	plain := newBucket(ctx, t, project, "plain")
	upload(ctx, t, project, plain, "key", []byte("1"), nil)
	_, err = object.GetObjectRetention(ctx, project, plain, "key", nil)
	wantError(t, "retention in a bucket without", err, bucket.ErrBucketNoLock)
	_, err = object.CopyObject(ctx, project, name, "key", nil, plain, "copy", object.CopyObjectOptions{Retention: retentionFor(storj.ComplianceMode, 1)})
	wantError(t, "locked copy into a bucket without", err, object.ErrNoObjectLockConfiguration)
}

func mustRetain(t *testing.T, what string, got *metaclient.Retention, want metaclient.Retention) {
	t.Helper()
	if got == nil || got.Mode != want.Mode || !got.RetainUntil.Equal(want.RetainUntil) {
		t.Fatalf("retention %s: got %+v, want %+v", what, got, want)
	}
}

func TestLegalHold(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := lockBucket(ctx, t, project)
	held := putLocked(ctx, t, project, name, "key", []byte("1"), &object.UploadOptions{LegalHold: true})
	if held.LegalHold == nil || !*held.LegalHold {
		t.Fatal("the upload is not held")
	}
	results, err := object.DeleteObjects(ctx, project, name, []object.DeleteObjectsItem{{ObjectKey: "key", Version: held.Version}},
		&object.DeleteObjectsOptions{BypassGovernanceRetention: true})
	check(t, err)
	if len(results) != 1 || results[0].Status != storj.DeleteObjectsStatusLocked {
		t.Fatalf("delete of what is held: %+v", results)
	}
	err = project.MoveObject(ctx, name, "key", name, "moved", nil)
	if err == nil {
		t.Fatal("what is held was moved")
	}
	copied, err := object.CopyObject(ctx, project, name, "key", nil, name, "copy", object.CopyObjectOptions{LegalHold: true})
	check(t, err)
	for _, one := range []struct {
		key     string
		version []byte
	}{{"key", held.Version}, {"copy", copied.Version}} {
		on, err := object.GetObjectLegalHold(ctx, project, name, one.key, nil)
		check(t, err)
		if !on {
			t.Fatalf("%s is not held", one.key)
		}
		check(t, object.SetObjectLegalHold(ctx, project, name, one.key, one.version, false))
		_, err = object.DeleteObject(ctx, project, name, one.key, one.version, nil)
		check(t, err)
	}
}

func TestDefaultRetention(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := lockBucket(ctx, t, project)
	check(t, bucket.SetBucketObjectLockConfiguration(ctx, project, name, &metaclient.BucketObjectLockConfiguration{
		Enabled: true, DefaultRetention: &metaclient.DefaultRetention{Mode: storj.GovernanceMode, Days: 1},
	}))
	mustBeDefault := func(what string, retention *metaclient.Retention) {
		t.Helper()
		if retention == nil || retention.Mode != storj.GovernanceMode {
			t.Fatalf("%s: %+v", what, retention)
		}
		if left := time.Until(retention.RetainUntil); left < 23*time.Hour || left > 24*time.Hour {
			t.Fatalf("%s is retained for %s", what, left)
		}
	}
	mustBeDefault("upload", putLocked(ctx, t, project, name, "key", []byte("1"), nil).Retention)
	copied, err := object.CopyObject(ctx, project, name, "key", nil, name, "copy", object.CopyObjectOptions{})
	check(t, err)
	mustBeDefault("copy", copied.Retention)
	own := retentionFor(storj.ComplianceMode, 1)
	mustRetain(t, "of its own", putLocked(ctx, t, project, name, "own", []byte("1"), &object.UploadOptions{Retention: own}).Retention, own)
	begun, err := multipart.BeginUpload(ctx, project, name, "parts", nil)
	check(t, err)
	part, err := project.UploadPart(ctx, name, "parts", begun.UploadID, 1)
	check(t, err)
	_, err = part.Write([]byte("1"))
	check(t, err)
	check(t, part.Commit())
	_, err = object.CommitUpload(ctx, project, name, "parts", begun.UploadID, nil)
	check(t, err)
	committed, err := object.StatObject(ctx, project, name, "parts", nil)
	check(t, err)
	mustBeDefault("upload in parts", committed.Retention)
	_, err = multipart.BeginUpload(ctx, project, name, "expires", &multipart.UploadOptions{Expires: time.Now().Add(time.Hour)})
	if err == nil {
		t.Fatal("what is retained by default may expire")
	}
}

func TestLockPermissions(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := lockBucket(ctx, t, project)
	stored := putLocked(ctx, t, project, name, "key", []byte("1"), &object.UploadOptions{Retention: retentionFor(storj.GovernanceMode, 1)})
	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	// Permissions of the public API come without any for locks.
	shared, err := access.Share(uplink.FullPermission(), uplink.SharePrefix{Bucket: name})
	check(t, err)
	guest, err := uplink.OpenProject(ctx, shared)
	check(t, err)
	defer func() { check(t, guest.Close()) }()
	_, err = object.DeleteObject(ctx, guest, name, "key", stored.Version, &object.DeleteObjectOptions{BypassGovernanceRetention: true})
	wantError(t, "bypass without permission", err, uplink.ErrPermissionDenied)
	_, err = object.GetObjectRetention(ctx, guest, name, "key", nil)
	wantError(t, "retention without permission", err, uplink.ErrPermissionDenied)
	err = object.SetObjectLegalHold(ctx, guest, name, "key", nil, true)
	wantError(t, "hold without permission", err, uplink.ErrPermissionDenied)
	seen, err := object.StatObject(ctx, guest, name, "key", nil)
	check(t, err)
	if seen.Retention != nil || seen.LegalHold != nil {
		t.Fatalf("a guest sees %+v, %v", seen.Retention, seen.LegalHold)
	}
}
