package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"storj.io/common/storj"
	"storj.io/uplink"
	"storj.io/uplink/private/bucket"
	"storj.io/uplink/private/metaclient"
	"storj.io/uplink/private/object"
)

func putVersion(ctx context.Context, t *testing.T, project *uplink.Project, bucket, key string, data []byte, options *object.UploadOptions) *object.VersionedObject {
	t.Helper()
	upload, err := object.UploadObject(ctx, project, bucket, key, options)
	check(t, err)
	_, err = upload.Write(data)
	check(t, err)
	check(t, upload.Commit())
	return upload.Info()
}

// listVersions names each version by key, size and what it is, over pages of two.
func listVersions(ctx context.Context, t *testing.T, project *uplink.Project, bucket string) []string {
	t.Helper()
	options := &object.ListObjectVersionsOptions{Recursive: true, System: true, Limit: 2}
	found := []string{}
	for {
		page, more, err := object.ListObjectVersions(ctx, project, bucket, options)
		check(t, err)
		for _, item := range page {
			name := fmt.Sprintf("%s %d", item.Key, item.System.ContentLength)
			if item.IsDeleteMarker {
				name = item.Key + " marker"
			}
			if item.IsVersioned {
				name += " versioned"
			}
			if item.IsLatest {
				name += " latest"
			}
			found = append(found, name)
		}
		if !more {
			return found
		}
		last := page[len(page)-1]
		options.Cursor, options.VersionCursor = last.Key, last.Version
	}
}

func mustList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

func versionedBucket(ctx context.Context, t *testing.T, project *uplink.Project) string {
	t.Helper()
	name := newBucket(ctx, t, project, "versions")
	check(t, bucket.SetBucketVersioning(ctx, project, name, true))
	return name
}

func TestBucketVersioning(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := newBucket(ctx, t, project, "versioning")
	state := func() string {
		versioning, err := bucket.GetBucketVersioning(ctx, project, name)
		check(t, err)
		return fmt.Sprint(versioning)
	}
	states := []string{state()}
	if err := bucket.SetBucketVersioning(ctx, project, name, false); err == nil {
		t.Fatal("an unversioned bucket was suspended")
	}
	for _, enable := range []bool{true, false, true} {
		check(t, bucket.SetBucketVersioning(ctx, project, name, enable))
		states = append(states, state())
	}
	mustList(t, "states", states, "1", "2", "3", "2")
	_, err := bucket.GetBucketVersioning(ctx, project, "no-such-"+name)
	wantError(t, "versioning of no bucket", err, uplink.ErrBucketNotFound)
}

func TestVersionsOfObjects(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := newBucket(ctx, t, project, "versions")
	putVersion(ctx, t, project, name, "a/key", []byte("1"), nil)
	check(t, bucket.SetBucketVersioning(ctx, project, name, true))
	large := randomBytes(t, 20_000)
	second := putVersion(ctx, t, project, name, "a/key", large, nil)
	third := putVersion(ctx, t, project, name, "a/key", []byte("333"), nil)
	if len(third.Version) != 16 || !third.IsVersioned {
		t.Fatalf("version of an upload: %x", third.Version)
	}
	mustList(t, "versions", listVersions(ctx, t, project, name),
		"a/key 3 versioned latest", "a/key 20000 versioned", "a/key 1")

	for _, version := range []struct {
		id      []byte
		content []byte
	}{{nil, []byte("333")}, {second.Version, large}} {
		stat, err := object.StatObject(ctx, project, name, "a/key", version.id)
		check(t, err)
		if stat.System.ContentLength != int64(len(version.content)) {
			t.Fatalf("version of %d bytes, want %d", stat.System.ContentLength, len(version.content))
		}
		mustEqual(t, "content of a version", downloadVersion(ctx, t, project, name, "a/key", version.id), version.content)
	}

	copied, err := object.CopyObject(ctx, project, name, "a/key", second.Version, name, "copy", object.CopyObjectOptions{})
	check(t, err)
	mustEqual(t, "copy of a version", downloadVersion(ctx, t, project, name, "copy", copied.Version), large)

	check(t, project.MoveObject(ctx, name, "a/key", name, "moved", nil))
	mustList(t, "after a move", listed(ctx, t, project, name),
		"a/key 1", "a/key 20000 versioned latest", "copy 20000 versioned latest", "moved 3 versioned latest")

	deleted, err := object.DeleteObject(ctx, project, name, "a/key", second.Version, nil)
	check(t, err)
	if string(deleted.Version) != string(second.Version) {
		t.Fatalf("deleted %x, want %x", deleted.Version, second.Version)
	}
	_, err = object.StatObject(ctx, project, name, "a/key", second.Version)
	wantError(t, "stat of a deleted version", err, uplink.ErrObjectNotFound)
	mustEqual(t, "newest version", downloadVersion(ctx, t, project, name, "a/key", nil), []byte("1"))
}

// listed sorts, since keys are listed in the order of their ciphertext.
func listed(ctx context.Context, t *testing.T, project *uplink.Project, bucket string) []string {
	found := listVersions(ctx, t, project, bucket)
	slices.Sort(found)
	return found
}

func downloadVersion(ctx context.Context, t *testing.T, project *uplink.Project, bucket, key string, version []byte) []byte {
	t.Helper()
	download, err := object.DownloadObject(ctx, project, bucket, key, version, nil)
	check(t, err)
	defer func() { check(t, download.Close()) }()
	data, err := io.ReadAll(download)
	check(t, err)
	return data
}

func TestDeleteMarkers(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := versionedBucket(ctx, t, project)
	putVersion(ctx, t, project, name, "key", []byte("1"), nil)
	marker, err := object.DeleteObject(ctx, project, name, "key", nil, nil)
	check(t, err)
	if !marker.IsDeleteMarker {
		t.Fatal("a delete without a version adds no marker")
	}
	_, err = object.StatObject(ctx, project, name, "key", nil)
	wantError(t, "stat of a deleted key", err, uplink.ErrObjectNotFound)
	_, err = object.StatObject(ctx, project, name, "key", marker.Version)
	wantError(t, "stat of a marker", err, object.ErrMethodNotAllowed)
	_, err = object.DownloadObject(ctx, project, name, "key", marker.Version, nil)
	wantError(t, "download of a marker", err, object.ErrMethodNotAllowed)
	mustList(t, "with a marker", listVersions(ctx, t, project, name), "key marker versioned latest", "key 1 versioned")
	objects := project.ListObjects(ctx, name, nil)
	if objects.Next() {
		t.Fatalf("a deleted key is listed: %s", objects.Item().Key)
	}
	check(t, objects.Err())
	_, err = object.DeleteObject(ctx, project, name, "key", marker.Version, nil)
	check(t, err)
	mustEqual(t, "content after the marker went", download(ctx, t, project, name, "key", nil), []byte("1"))
}

func TestSuspendedVersioning(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := versionedBucket(ctx, t, project)
	putVersion(ctx, t, project, name, "key", []byte("1"), nil)
	check(t, bucket.SetBucketVersioning(ctx, project, name, false))
	putVersion(ctx, t, project, name, "key", []byte("22"), nil)
	putVersion(ctx, t, project, name, "key", []byte("333"), nil)
	mustList(t, "suspended", listVersions(ctx, t, project, name), "key 3 latest", "key 1 versioned")
	_, err := object.DeleteObject(ctx, project, name, "key", nil, nil)
	check(t, err)
	_, err = object.DeleteObject(ctx, project, name, "key", nil, nil)
	check(t, err)
	mustList(t, "deleted twice", listVersions(ctx, t, project, name), "key marker latest", "key 1 versioned")
	putVersion(ctx, t, project, name, "key", []byte("4444"), nil)
	mustList(t, "written anew", listVersions(ctx, t, project, name), "key 4 latest", "key 1 versioned")
}

func TestDeleteObjects(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := versionedBucket(ctx, t, project)
	first := putVersion(ctx, t, project, name, "key", []byte("1"), nil)
	putVersion(ctx, t, project, name, "key", []byte("22"), nil)
	unknown := slices.Clone(first.Version)
	unknown[15] ^= 1
	results, err := object.DeleteObjects(ctx, project, name, []object.DeleteObjectsItem{
		{ObjectKey: "key"},
		{ObjectKey: "key", Version: first.Version},
		{ObjectKey: "key", Version: unknown},
	}, nil)
	check(t, err)
	if len(results) != 3 {
		t.Fatalf("%d results for 3 items", len(results))
	}
	for _, result := range results {
		switch {
		case len(result.RequestedVersion) == 0:
			if result.Status != storj.DeleteObjectsStatusOK || result.Marker == nil {
				t.Fatalf("by key: %+v", result)
			}
		case string(result.RequestedVersion) == string(first.Version):
			if result.Status != storj.DeleteObjectsStatusOK || result.Removed == nil || !result.Removed.IsVersioned {
				t.Fatalf("by version: %+v", result)
			}
		default:
			if result.Status != storj.DeleteObjectsStatusNotFound {
				t.Fatalf("of another stream: %+v", result)
			}
		}
	}
	mustList(t, "what is left", listVersions(ctx, t, project, name), "key marker versioned latest", "key 2 versioned")
	_, err = object.DeleteObjects(ctx, project, name, nil, nil)
	wantError(t, "nothing to delete", err, object.ErrDeleteObjectsNoItems)
	_, err = object.DeleteObjects(ctx, project, name, slices.Repeat([]object.DeleteObjectsItem{{ObjectKey: "key"}}, 1001), nil)
	wantError(t, "too much to delete", err, object.ErrDeleteObjectsTooManyItems)
	_, err = object.DeleteObjects(ctx, project, "no-such-"+name, []object.DeleteObjectsItem{{ObjectKey: "key"}}, nil)
	wantError(t, "delete in no bucket", err, uplink.ErrBucketNotFound)
}

func TestConditionalCreate(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := newBucket(ctx, t, project, "conditional")
	free := &metaclient.UploadOptions{IfNoneMatch: []string{"*"}}
	for _, size := range []int{1, 20_000} {
		key := fmt.Sprintf("key of %d", size)
		putVersion(ctx, t, project, name, key, randomBytes(t, size), free)
		upload, err := object.UploadObject(ctx, project, name, key, free)
		check(t, err)
		_, err = upload.Write(randomBytes(t, size))
		check(t, err)
		wantError(t, "second upload", upload.Commit(), object.ErrFailedPrecondition)
	}
	_, err := object.CopyObject(ctx, project, name, "key of 1", nil, name, "copy", object.CopyObjectOptions{IfNoneMatch: free.IfNoneMatch})
	check(t, err)
	_, err = object.CopyObject(ctx, project, name, "key of 1", nil, name, "copy", object.CopyObjectOptions{IfNoneMatch: free.IfNoneMatch})
	wantError(t, "copy onto an object", err, object.ErrFailedPrecondition)
	upload, err := object.UploadObject(ctx, project, name, "other", &metaclient.UploadOptions{IfNoneMatch: []string{"etag"}})
	check(t, err)
	_, err = upload.Write([]byte("1"))
	check(t, err)
	wantError(t, "another condition", upload.Commit(), object.ErrUnimplemented)
}
