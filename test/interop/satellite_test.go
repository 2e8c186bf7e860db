package interop

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"storj.io/uplink"
)

// opened opens a project with a restricted form of the test's grant.
func opened(ctx context.Context, t *testing.T, permission uplink.Permission, prefixes ...uplink.SharePrefix) (*uplink.Access, *uplink.Project) {
	t.Helper()
	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	shared, err := access.Share(permission, prefixes...)
	check(t, err)
	project, err := uplink.OpenProject(ctx, shared)
	check(t, err)
	t.Cleanup(func() { check(t, project.Close()) })
	return shared, project
}

func put(ctx context.Context, project *uplink.Project, bucket, key, data string, options *uplink.UploadOptions) error {
	up, err := project.UploadObject(ctx, bucket, key, options)
	if err != nil {
		return err
	}
	if _, err = up.Write([]byte(data)); err != nil {
		return err
	}
	return up.Commit()
}

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: %v, not %v", what, err, want)
	}
}

func TestCopyAndMoveWithMetadata(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	from, onto := newBucket(ctx, t, project, "from"), newBucket(ctx, t, project, "onto")
	small, large := []byte("small"), randomBytes(t, 100*kib)
	custom := uplink.CustomMetadata{"made": "first"}
	upload(ctx, t, project, from, "small", small, custom)
	upload(ctx, t, project, from, "large", large, custom)
	upload(ctx, t, project, from, "empty", nil, nil)

	for _, key := range []string{"small", "large", "empty"} {
		_, err := project.CopyObject(ctx, from, key, onto, "copied/"+key, nil)
		check(t, err)
	}
	_, err := project.CopyObject(ctx, from, "large", from, "large", nil)
	check(t, err)
	_, err = project.DeleteObject(ctx, from, "small")
	check(t, err)
	mustEqual(t, "copy of what was deleted", download(ctx, t, project, onto, "copied/small", nil), small)
	mustEqual(t, "remote copy", download(ctx, t, project, onto, "copied/large", nil), large)
	mustEqual(t, "copy onto itself", download(ctx, t, project, from, "large", nil), large)

	check(t, project.MoveObject(ctx, onto, "copied/large", from, "moved", nil))
	check(t, project.MoveObject(ctx, from, "moved", onto, "copied/small", nil))
	check(t, project.MoveObject(ctx, onto, "copied/empty", onto, "void", nil))
	mustEqual(t, "moved over another", download(ctx, t, project, onto, "copied/small", nil), large)
	mustEqual(t, "moved empty", download(ctx, t, project, onto, "void", nil), nil)
	stat, err := project.StatObject(ctx, onto, "copied/small")
	check(t, err)
	if stat.Custom["made"] != "first" {
		t.Fatalf("metadata of what was copied and moved: %v", stat.Custom)
	}
	_, err = project.StatObject(ctx, onto, "copied/large")
	mustBe(t, "source of a move", err, uplink.ErrObjectNotFound)
	_, err = project.CopyObject(ctx, from, "missing", onto, "x", nil)
	mustBe(t, "copy of nothing", err, uplink.ErrObjectNotFound)
	mustBe(t, "move of nothing", project.MoveObject(ctx, from, "missing", onto, "x", nil), uplink.ErrObjectNotFound)
}

func TestUpdateMetadata(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "metadata")
	upload(ctx, t, project, bucket, "key", []byte("data"), uplink.CustomMetadata{"old": "yes"})
	check(t, project.UpdateObjectMetadata(ctx, bucket, "key", uplink.CustomMetadata{"new": "yes"}, nil))
	stat, err := project.StatObject(ctx, bucket, "key")
	check(t, err)
	if len(stat.Custom) != 1 || stat.Custom["new"] != "yes" {
		t.Fatalf("metadata: %v", stat.Custom)
	}
	mustEqual(t, "data", download(ctx, t, project, bucket, "key", nil), []byte("data"))
	err = project.UpdateObjectMetadata(ctx, bucket, "missing", nil, nil)
	mustBe(t, "update of nothing", err, uplink.ErrObjectNotFound)
}

func TestPermissions(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "permissions")
	upload(ctx, t, project, bucket, "in/side", []byte("data"), nil)
	upload(ctx, t, project, bucket, "outside", []byte("data"), nil)

	access, reader := opened(ctx, t, uplink.ReadOnlyPermission())
	mustEqual(t, "read", download(ctx, t, reader, bucket, "outside", nil), []byte("data"))
	mustBe(t, "write of a reader", put(ctx, reader, bucket, "x", "x", nil), uplink.ErrPermissionDenied)
	_, err := reader.DeleteObject(ctx, bucket, "outside")
	mustBe(t, "delete of a reader", err, uplink.ErrPermissionDenied)

	_, writer := opened(ctx, t, uplink.WriteOnlyPermission())
	check(t, put(ctx, writer, bucket, "written", "x", nil))
	_, err = writer.DownloadObject(ctx, bucket, "written", nil)
	mustBe(t, "read of a writer", err, uplink.ErrPermissionDenied)
	deleted, err := writer.DeleteObject(ctx, bucket, "written")
	check(t, err)
	if deleted != nil {
		t.Fatalf("a writer learned of what it deleted: %+v", deleted)
	}

	_, keeper := opened(ctx, t, uplink.Permission{AllowUpload: true, AllowDownload: true, AllowList: true})
	check(t, put(ctx, keeper, bucket, "kept", "first", nil))
	mustBe(t, "replacing without delete", put(ctx, keeper, bucket, "kept", "second", nil), uplink.ErrPermissionDenied)
	mustEqual(t, "kept", download(ctx, t, project, bucket, "kept", nil), []byte("first"))

	_, inside := opened(ctx, t, uplink.FullPermission(), uplink.SharePrefix{Bucket: bucket, Prefix: "in/"})
	mustEqual(t, "inside", download(ctx, t, inside, bucket, "in/side", nil), []byte("data"))
	_, err = inside.DownloadObject(ctx, bucket, "outside", nil)
	mustBe(t, "outside of the prefix", err, uplink.ErrPermissionDenied)
	buckets := inside.ListBuckets(ctx, nil)
	if !buckets.Next() || buckets.Item().Name != bucket || buckets.Next() {
		t.Fatal("not exactly the bucket of the prefix is listed")
	}

	_, expired := opened(ctx, t, uplink.Permission{AllowDownload: true, NotAfter: time.Now().Add(-time.Minute)})
	_, err = expired.DownloadObject(ctx, bucket, "outside", nil)
	mustBe(t, "expired grant", err, uplink.ErrPermissionDenied)

	check(t, project.RevokeAccess(ctx, access))
	if err = reader.RevokeAccess(ctx, access); err == nil {
		t.Fatal("a grant revoked itself")
	}
}

func TestObjectsThatExpire(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "expiry")
	expires := time.Now().Add(2 * time.Second)
	check(t, put(ctx, project, bucket, "soon", "data", &uplink.UploadOptions{Expires: expires}))
	stat, err := project.StatObject(ctx, bucket, "soon")
	check(t, err)
	if stat.System.Expires.Sub(expires).Abs() > time.Millisecond {
		t.Fatalf("expires %v, not %v", stat.System.Expires, expires)
	}
	if err = put(ctx, project, bucket, "past", "data", &uplink.UploadOptions{Expires: time.Now().Add(-time.Hour)}); err == nil {
		t.Fatal("an object was stored that has expired")
	}
	time.Sleep(time.Until(expires) + 50*time.Millisecond)
	_, err = project.StatObject(ctx, bucket, "soon")
	mustBe(t, "after its time", err, uplink.ErrObjectNotFound)
}

func TestUploadsUnderWay(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "under-way")
	info, err := project.BeginUpload(ctx, bucket, "dir/key", nil)
	check(t, err)
	for _, prefix := range []string{"dir/", "dir/key"} {
		uploads := project.ListUploads(ctx, bucket, &uplink.ListUploadsOptions{Prefix: prefix, System: true})
		if !uploads.Next() || uploads.Item().UploadID != info.UploadID {
			t.Fatalf("the upload is not listed as it was begun: %v", uploads.Err())
		}
	}
	for number := uint32(1); number <= 2; number++ {
		part, err := project.UploadPart(ctx, bucket, "dir/key", info.UploadID, number)
		check(t, err)
		_, err = part.Write([]byte("too small"))
		check(t, err)
		check(t, part.Commit())
	}
	_, err = project.CommitUpload(ctx, bucket, "dir/key", info.UploadID, nil)
	if err == nil || !strings.Contains(err.Error(), "size of part number 1 is below minimum threshold, got: 9 B, min: 5.0 MiB") {
		t.Fatalf("commit of small parts: %v", err)
	}
	check(t, project.AbortUpload(ctx, bucket, "dir/key", info.UploadID))
	_, err = project.CommitUpload(ctx, bucket, "dir/key", info.UploadID, nil)
	mustBe(t, "commit of what was given up", err, uplink.ErrObjectNotFound)
}
