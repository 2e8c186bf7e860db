package interop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"storj.io/uplink"
)

const kib, mib = 1 << 10, 1 << 20

// Inline and remote segments, one and two of them, and the sizes around the borders.
var sizes = []int{0, 1, 4 * kib, 4*kib + 1, 7408, mib, 65 * mib}

func TestBuckets(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "buckets")

	_, err := project.CreateBucket(ctx, bucket)
	if !errors.Is(err, uplink.ErrBucketAlreadyExists) {
		t.Fatalf("second create: %v", err)
	}
	stat, err := project.StatBucket(ctx, bucket)
	check(t, err)
	if stat.Name != bucket || stat.Created.IsZero() {
		t.Fatalf("stat: %+v", stat)
	}
	if _, err = project.StatBucket(ctx, "no-such-bucket"); !errors.Is(err, uplink.ErrBucketNotFound) {
		t.Fatalf("stat of a missing bucket: %v", err)
	}
	if _, err = project.CreateBucket(ctx, "Not_a_name"); !errors.Is(err, uplink.ErrBucketNameInvalid) {
		t.Fatalf("create with a bad name: %v", err)
	}
	found := false
	buckets := project.ListBuckets(ctx, nil)
	for buckets.Next() {
		found = found || buckets.Item().Name == bucket
	}
	check(t, buckets.Err())
	if !found {
		t.Fatal("the bucket is not listed")
	}
	upload(ctx, t, project, bucket, "one", []byte("x"), nil)
	if _, err = project.DeleteBucket(ctx, bucket); !errors.Is(err, uplink.ErrBucketNotEmpty) {
		t.Fatalf("delete of a bucket with an object: %v", err)
	}
}

func TestObjects(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "objects")

	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			key := fmt.Sprintf("dir/%d", size)
			data := randomBytes(t, size)
			upload(ctx, t, project, bucket, key, data, uplink.CustomMetadata{"size": fmt.Sprint(size), "empty": ""})

			stat, err := project.StatObject(ctx, bucket, key)
			check(t, err)
			if stat.System.ContentLength != int64(size) || stat.Custom["size"] != fmt.Sprint(size) {
				t.Fatalf("stat: %+v", stat)
			}
			mustEqual(t, "whole object", download(ctx, t, project, bucket, key, nil), data)
			for _, r := range []struct{ from, to int }{{0, 1}, {size / 2, size}, {size - 1, size}, {7407, 7410}, {64*mib - 5, 64*mib + 5}} {
				if r.from < 0 || r.to > size || r.from >= r.to {
					continue
				}
				options := &uplink.DownloadOptions{Offset: int64(r.from), Length: int64(r.to - r.from)}
				mustEqual(t, fmt.Sprint(r), download(ctx, t, project, bucket, key, options), data[r.from:r.to])
			}
			if size >= 10 {
				options := &uplink.DownloadOptions{Offset: -10, Length: -1}
				mustEqual(t, "last ten bytes", download(ctx, t, project, bucket, key, options), data[size-10:])
			}
			_, err = project.DeleteObject(ctx, bucket, key)
			check(t, err)
			if _, err = project.StatObject(ctx, bucket, key); !errors.Is(err, uplink.ErrObjectNotFound) {
				t.Fatalf("stat after delete: %v", err)
			}
		})
	}
	if _, err := project.DownloadObject(ctx, bucket, "missing", nil); !errors.Is(err, uplink.ErrObjectNotFound) {
		t.Fatalf("download of a missing object: %v", err)
	}
}

func TestAbortedUploadLeavesNothing(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "aborted")
	up, err := project.UploadObject(ctx, bucket, "never", nil)
	check(t, err)
	_, err = up.Write(randomBytes(t, 100*kib))
	check(t, err)
	check(t, up.Abort())
	if _, err = project.StatObject(ctx, bucket, "never"); !errors.Is(err, uplink.ErrObjectNotFound) {
		t.Fatalf("stat after abort: %v", err)
	}
}

func TestListing(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "listing")
	for _, key := range []string{"a", "a/b", "a/c/d", "a/c/e", "f/", "ü/ö"} {
		upload(ctx, t, project, bucket, key, []byte(key), uplink.CustomMetadata{"key": key})
	}
	list := func(options *uplink.ListObjectsOptions) []string {
		var keys []string
		objects := project.ListObjects(ctx, bucket, options)
		for objects.Next() {
			item := objects.Item()
			if !item.IsPrefix && options.Custom && item.Custom["key"] != item.Key {
				t.Fatalf("metadata of %q: %v", item.Key, item.Custom)
			}
			keys = append(keys, item.Key)
		}
		check(t, objects.Err())
		slices.Sort(keys)
		return keys
	}
	for _, c := range []struct {
		options uplink.ListObjectsOptions
		want    []string
	}{
		{uplink.ListObjectsOptions{}, []string{"a", "a/", "f/", "ü/"}},
		{uplink.ListObjectsOptions{Recursive: true, Custom: true, System: true}, []string{"a", "a/b", "a/c/d", "a/c/e", "f/", "ü/ö"}},
		{uplink.ListObjectsOptions{Prefix: "a/"}, []string{"a/b", "a/c/"}},
		{uplink.ListObjectsOptions{Prefix: "a/c/", Custom: true}, []string{"a/c/d", "a/c/e"}},
		{uplink.ListObjectsOptions{Prefix: "none/"}, nil},
	} {
		if got := list(&c.options); !slices.Equal(got, c.want) {
			t.Fatalf("%+v: got %q, want %q", c.options, got, c.want)
		}
	}
}

func TestMultipart(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "multipart")
	info, err := project.BeginUpload(ctx, bucket, "parts", nil)
	check(t, err)
	parts := map[uint32][]byte{1: randomBytes(t, 5*mib), 2: randomBytes(t, 6*mib), 7: randomBytes(t, 1000)}
	put := func(number uint32, data []byte, etag string) {
		part, err := project.UploadPart(ctx, bucket, "parts", info.UploadID, number)
		check(t, err)
		_, err = io.Copy(part, bytes.NewReader(data))
		check(t, err)
		check(t, part.SetETag([]byte(etag)))
		check(t, part.Commit())
	}
	// In no particular order, and one of them twice.
	put(7, parts[7], "seven")
	put(2, randomBytes(t, 5*mib), "old two")
	put(2, parts[2], "two")
	put(1, parts[1], "one")

	var listed []string
	list := project.ListUploadParts(ctx, bucket, "parts", info.UploadID, nil)
	for list.Next() {
		part := list.Item()
		listed = append(listed, fmt.Sprintf("%d %d %s", part.PartNumber, part.Size, part.ETag))
	}
	check(t, list.Err())
	want := []string{"1 5242880 one", "2 6291456 two", "7 1000 seven"}
	if !slices.Equal(listed, want) {
		t.Fatalf("parts: %q", listed)
	}

	uploads := project.ListUploads(ctx, bucket, nil)
	if !uploads.Next() || uploads.Item().Key != "parts" || uploads.Item().UploadID != info.UploadID {
		t.Fatalf("uploads: %+v, %v", uploads.Item(), uploads.Err())
	}
	_, err = project.CommitUpload(ctx, bucket, "parts", info.UploadID, &uplink.CommitUploadOptions{CustomMetadata: uplink.CustomMetadata{"a": "b"}})
	check(t, err)
	stat, err := project.StatObject(ctx, bucket, "parts")
	check(t, err)
	if stat.Custom["a"] != "b" {
		t.Fatalf("metadata: %v", stat.Custom)
	}
	whole := slices.Concat(parts[1], parts[2], parts[7])
	mustEqual(t, "joined parts", download(ctx, t, project, bucket, "parts", nil), whole)
	from := 5*mib - 10
	options := &uplink.DownloadOptions{Offset: int64(from), Length: 20}
	mustEqual(t, "across two parts", download(ctx, t, project, bucket, "parts", options), whole[from:from+20])

	aborted, err := project.BeginUpload(ctx, bucket, "aborted", nil)
	check(t, err)
	check(t, project.AbortUpload(ctx, bucket, "aborted", aborted.UploadID))
	if project.ListUploads(ctx, bucket, nil).Next() {
		t.Fatal("an aborted upload is listed")
	}
}

func TestCopyAndMove(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "copies")
	data := randomBytes(t, 100*kib)
	upload(ctx, t, project, bucket, "from", data, uplink.CustomMetadata{"a": "b"})
	_, err := project.CopyObject(ctx, bucket, "from", bucket, "dir/copy", nil)
	check(t, err)
	check(t, project.MoveObject(ctx, bucket, "from", bucket, "dir/moved", nil))
	for _, key := range []string{"dir/copy", "dir/moved"} {
		mustEqual(t, key, download(ctx, t, project, bucket, key, nil), data)
		stat, err := project.StatObject(ctx, bucket, key)
		check(t, err)
		if stat.Custom["a"] != "b" {
			t.Fatalf("metadata of %s: %v", key, stat.Custom)
		}
	}
	if _, err = project.StatObject(ctx, bucket, "from"); !errors.Is(err, uplink.ErrObjectNotFound) {
		t.Fatalf("stat of the moved object: %v", err)
	}
}
