package interop

import (
	"errors"
	"testing"

	"storj.io/uplink"
)

func TestSharedAccess(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "shared")
	upload(ctx, t, project, bucket, "in/a", []byte("inside"), nil)
	upload(ctx, t, project, bucket, "out/b", []byte("outside"), nil)

	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	shared, err := access.Share(uplink.ReadOnlyPermission(), uplink.SharePrefix{Bucket: bucket, Prefix: "in/"})
	check(t, err)
	guest, err := uplink.OpenProject(ctx, shared)
	check(t, err)
	defer func() { check(t, guest.Close()) }()

	mustEqual(t, "shared object", download(ctx, t, guest, bucket, "in/a", nil), []byte("inside"))
	if _, err = guest.StatObject(ctx, bucket, "out/b"); !errors.Is(err, uplink.ErrPermissionDenied) {
		t.Fatalf("stat of what is not shared: %v", err)
	}
	if _, err = guest.DeleteObject(ctx, bucket, "in/a"); !errors.Is(err, uplink.ErrPermissionDenied) {
		t.Fatalf("delete with a read-only grant: %v", err)
	}

	// Another one, since satellites may remember for minutes that a grant was good.
	unused, err := access.Share(uplink.ReadOnlyPermission(), uplink.SharePrefix{Bucket: bucket})
	check(t, err)
	check(t, project.RevokeAccess(ctx, unused))
	again, err := uplink.OpenProject(ctx, unused)
	check(t, err)
	defer func() { check(t, again.Close()) }()
	if _, err = again.StatObject(ctx, bucket, "in/a"); !errors.Is(err, uplink.ErrPermissionDenied) {
		t.Fatalf("stat with a revoked grant: %v", err)
	}
}
