package interop

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"storj.io/common/identity"
	"storj.io/uplink"
)

func TestEnsureBucket(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := "ensured-" + randomText(t, 12)
	first, err := project.EnsureBucket(ctx, name)
	check(t, err)
	second, err := project.EnsureBucket(ctx, name)
	check(t, err)
	if first.Name != name || second.Name != name || !first.Created.Equal(second.Created) {
		t.Fatalf("ensured %+v and %+v", first, second)
	}
	deleted, err := project.DeleteBucket(ctx, name)
	check(t, err)
	if deleted.Name != name {
		t.Fatalf("deleted %+v", deleted)
	}
	_, err = project.DeleteBucket(ctx, name)
	mustBe(t, "delete of no bucket", err, uplink.ErrBucketNotFound)
}

func TestListBucketsAfterCursor(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	prefix := "list-" + randomText(t, 8)
	for _, name := range []string{"c", "a", "b"} {
		newBucket(ctx, t, project, prefix+"-"+name)
	}
	list := func(cursor string) (names []string) {
		buckets := project.ListBuckets(ctx, &uplink.ListBucketsOptions{Cursor: cursor})
		for buckets.Next() {
			if item := buckets.Item(); strings.HasPrefix(item.Name, prefix) {
				if item.Created.IsZero() {
					t.Fatalf("%s was created at no time", item.Name)
				}
				names = append(names, item.Name)
			}
		}
		check(t, buckets.Err())
		return names
	}
	all := list("")
	if len(all) != 3 || !slices.IsSorted(all) {
		t.Fatalf("listed %q", all)
	}
	if after := list(all[0]); !slices.Equal(after, all[1:]) {
		t.Fatalf("after the first: %q", after)
	}
}

func TestDeleteBucketWithObjects(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := "full-" + randomText(t, 12)
	_, err := project.CreateBucket(ctx, name)
	check(t, err)
	for i := range 5 {
		check(t, put(ctx, project, name, fmt.Sprintf("dir/%d", i), strings.Repeat("x", i*3000), nil))
	}
	_, err = project.BeginUpload(ctx, name, "pending", nil)
	check(t, err)
	_, err = project.DeleteBucket(ctx, name)
	mustBe(t, "delete of what is not empty", err, uplink.ErrBucketNotEmpty)
	_, err = project.DeleteBucketWithObjects(ctx, name)
	check(t, err)
	_, err = project.StatObject(ctx, name, "dir/1")
	if err == nil {
		t.Fatal("an object outlived its bucket")
	}
	_, err = project.StatBucket(ctx, name)
	mustBe(t, "stat of a deleted bucket", err, uplink.ErrBucketNotFound)
}

// Each error kind of the package that a call can provoke, but for the limits (TestLimits).
func TestErrorKinds(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "errors")
	check(t, put(ctx, project, bucket, "key", "data", nil))
	missing := "missing-" + randomText(t, 12)
	info, err := project.BeginUpload(ctx, bucket, "parts", nil)
	check(t, err)

	uploaded := func(bucket, key string) error { return put(ctx, project, bucket, key, "x", nil) }
	downloaded := func(bucket, key string) error {
		_, err := project.DownloadObject(ctx, bucket, key, nil)
		return err
	}
	stat := func(bucket, key string) error { _, err := project.StatObject(ctx, bucket, key); return err }
	deleted := func(bucket, key string) error { _, err := project.DeleteObject(ctx, bucket, key); return err }
	begun := func(bucket, key string) error { _, err := project.BeginUpload(ctx, bucket, key, nil); return err }
	copied := func(bucket, key string) error {
		_, err := project.CopyObject(ctx, bucket, key, bucket, "copy", nil)
		return err
	}
	moved := func(bucket, key string) error { return project.MoveObject(ctx, bucket, key, bucket, "moved", nil) }
	updated := func(bucket, key string) error {
		return project.UpdateObjectMetadata(ctx, bucket, key, uplink.CustomMetadata{"a": "b"}, nil)
	}
	listed := func(bucket, _ string) error {
		objects := project.ListObjects(ctx, bucket, nil)
		for objects.Next() {
		}
		return objects.Err()
	}
	type call = func(bucket, key string) error
	for name, try := range map[string]call{"upload": uploaded, "begin": begun, "list": listed} {
		mustBe(t, name+" in no bucket", try(missing, "key"), uplink.ErrBucketNotFound)
	}
	for name, try := range map[string]call{"download": downloaded, "stat": stat, "copy": copied, "move": moved, "update": updated} {
		mustBe(t, name+" of no object", try(bucket, "missing"), uplink.ErrObjectNotFound)
		if err := try(missing, "key"); !errors.Is(err, uplink.ErrObjectNotFound) && !errors.Is(err, uplink.ErrBucketNotFound) {
			t.Fatalf("%s in no bucket: %v", name, err)
		}
	}
	check(t, deleted(bucket, "missing"))
	for name, try := range map[string]call{
		"upload": uploaded, "download": downloaded, "stat": stat, "begin": begun, "copy": copied, "move": moved, "delete": deleted,
	} {
		mustBe(t, name+" of no key", try(bucket, ""), uplink.ErrObjectKeyInvalid)
		mustBe(t, name+" in a bucket without a name", try("", "key"), uplink.ErrBucketNameInvalid)
	}
	for _, name := range []string{"", "ab", "Upper", "under_score", "-dash", "dash-", "a..b", "1.2.3.4", strings.Repeat("a", 64), "ü-bucket"} {
		_, err := project.CreateBucket(ctx, name)
		mustBe(t, fmt.Sprintf("bucket %q", name), err, uplink.ErrBucketNameInvalid)
	}
	_, err = project.CreateBucket(ctx, bucket)
	mustBe(t, "second bucket of a name", err, uplink.ErrBucketAlreadyExists)

	for _, id := range []string{"", "no base58: 0OIl", info.UploadID[:len(info.UploadID)/2]} {
		_, err := project.UploadPart(ctx, bucket, "parts", id, 1)
		mustBe(t, fmt.Sprintf("part of upload %q", id), err, uplink.ErrUploadIDInvalid)
		mustBe(t, "abort", project.AbortUpload(ctx, bucket, "parts", id), uplink.ErrUploadIDInvalid)
		parts := project.ListUploadParts(ctx, bucket, "parts", id, nil)
		if parts.Next() {
			t.Fatal("an upload without an id has parts")
		}
		mustBe(t, "parts", parts.Err(), uplink.ErrUploadIDInvalid)
	}
	check(t, project.AbortUpload(ctx, bucket, "parts", info.UploadID))
	if uploads := project.ListUploads(ctx, bucket, nil); uploads.Next() || uploads.Err() != nil {
		t.Fatalf("an aborted upload is listed: %v", uploads.Err())
	}
	for _, custom := range []uplink.CustomMetadata{{"": "no name"}, {"zero": "\x00"}, {"no text": "\xff"}} {
		up, err := project.UploadObject(ctx, bucket, "key", nil)
		check(t, err)
		if up.SetCustomMetadata(ctx, custom) == nil {
			t.Fatalf("metadata %q was taken", custom)
		}
		check(t, up.Abort())
	}
}

func TestUploadsThatAreDone(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "done")
	up, err := project.UploadObject(ctx, bucket, "committed", nil)
	check(t, err)
	_, err = up.Write([]byte("data"))
	check(t, err)
	check(t, up.Commit())
	if info := up.Info(); info.Key != "committed" || info.System.ContentLength != 4 || info.System.Created.IsZero() {
		t.Fatalf("upload %+v", info)
	}
	mustBe(t, "second commit", up.Commit(), uplink.ErrUploadDone)
	mustBe(t, "abort after commit", up.Abort(), uplink.ErrUploadDone)
	mustBe(t, "metadata after commit", up.SetCustomMetadata(ctx, nil), uplink.ErrUploadDone)
	up, err = project.UploadObject(ctx, bucket, "aborted", nil)
	check(t, err)
	check(t, up.Abort())
	mustBe(t, "commit after abort", up.Commit(), uplink.ErrUploadDone)

	info, err := project.BeginUpload(ctx, bucket, "parts", nil)
	check(t, err)
	part, err := project.UploadPart(ctx, bucket, "parts", info.UploadID, 5)
	check(t, err)
	_, err = part.Write([]byte("dropped"))
	check(t, err)
	check(t, part.Abort())
	mustBe(t, "commit of an aborted part", part.Commit(), uplink.ErrUploadDone)
	part, err = project.UploadPart(ctx, bucket, "parts", info.UploadID, 5)
	check(t, err)
	_, err = part.Write([]byte("kept"))
	check(t, err)
	check(t, part.SetETag([]byte("etag")))
	check(t, part.Commit())
	if info := part.Info(); info.PartNumber != 5 || info.Size != 4 || string(info.ETag) != "etag" {
		t.Fatalf("part %+v", info)
	}
	mustBe(t, "second commit of a part", part.Commit(), uplink.ErrUploadDone)
	mustBe(t, "abort of a part that is there", part.Abort(), uplink.ErrUploadDone)
	object, err := project.CommitUpload(ctx, bucket, "parts", info.UploadID, nil)
	check(t, err)
	if object.Key != "parts" || object.System.Created.IsZero() {
		t.Fatalf("committed %+v", object)
	}
	mustEqual(t, "part", download(ctx, t, project, bucket, "parts", nil), []byte("kept"))
}

func TestDownloadRanges(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "ranges")
	data := randomBytes(t, 20*kib)
	upload(ctx, t, project, bucket, "key", data, uplink.CustomMetadata{"a": "b"})
	size := int64(len(data))
	for _, c := range []struct {
		offset, length int64
		want           []byte
	}{
		{0, -1, data}, {5, -1, data[5:]}, {0, 0, nil}, {size, -1, nil}, {size - 1, 10, data[size-1:]}, {-7, -1, data[size-7:]},
		{-2 * size, -1, data}, {7424, 7424, data[7424:14848]},
	} {
		down, err := project.DownloadObject(ctx, bucket, "key", &uplink.DownloadOptions{Offset: c.offset, Length: c.length})
		check(t, err)
		if info := down.Info(); info.Key != "key" || info.System.ContentLength != size || info.Custom["a"] != "b" {
			t.Fatalf("download %+v", info)
		}
		got, err := io.ReadAll(down)
		check(t, err)
		check(t, down.Close())
		mustEqual(t, fmt.Sprintf("%d+%d", c.offset, c.length), got, c.want)
	}
	if _, err := project.DownloadObject(ctx, bucket, "key", &uplink.DownloadOptions{Offset: size + 1, Length: -1}); err == nil {
		t.Fatal("read from after the end")
	}
}

// More than a page of a listing, with each of the options.
func TestListOptions(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "pages")
	const count = 1010
	var group sync.WaitGroup
	errs := make([]error, 10)
	for worker := range errs {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := worker; i < count && errs[worker] == nil; i += len(errs) {
				errs[worker] = put(ctx, project, bucket, fmt.Sprintf("dir/%04d", i), "x", nil)
			}
		}()
	}
	group.Wait()
	check(t, errors.Join(errs...))
	check(t, put(ctx, project, bucket, "dir/sub/one", "x", nil))
	check(t, put(ctx, project, bucket, "top", "x", nil))

	list := func(options uplink.ListObjectsOptions) (keys []string) {
		t.Helper()
		objects := project.ListObjects(ctx, bucket, &options)
		for objects.Next() {
			item := objects.Item()
			if !item.IsPrefix && (options.System == item.System.Created.IsZero() || options.System != (item.System.ContentLength == 1)) {
				t.Fatalf("%+v: system metadata %+v", options, item.System)
			}
			keys = append(keys, item.Key)
		}
		check(t, objects.Err())
		return keys
	}
	for _, c := range []struct {
		options uplink.ListObjectsOptions
		want    int
	}{
		{uplink.ListObjectsOptions{}, 2},
		{uplink.ListObjectsOptions{System: true}, 2},
		{uplink.ListObjectsOptions{Recursive: true, System: true}, count + 2},
		{uplink.ListObjectsOptions{Prefix: "dir/", Recursive: true}, count + 1},
		{uplink.ListObjectsOptions{Prefix: "dir/"}, count + 1},
		{uplink.ListObjectsOptions{Prefix: "dir/sub/", System: true}, 1},
		{uplink.ListObjectsOptions{Prefix: "missing/"}, 0},
	} {
		keys := list(c.options)
		if len(keys) != c.want || len(slices.Compact(slices.Sorted(slices.Values(keys)))) != c.want {
			t.Fatalf("%+v: %d keys", c.options, len(keys))
		}
		if c.want < 3 {
			continue
		}
		// The cursor is relative to the prefix, and the order that of the encrypted keys.
		options := c.options
		options.Cursor = strings.TrimPrefix(keys[500], options.Prefix)
		if after := list(options); !slices.Equal(after, keys[501:]) {
			t.Fatalf("%+v: %d keys after the cursor, not %d", options, len(after), len(keys)-501)
		}
	}
}

func TestListUploadOptions(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "uploads")
	ids := map[string]string{}
	for _, key := range []string{"a", "dir/b", "dir/c", "dir/sub/d"} {
		info, err := project.BeginUpload(ctx, bucket, key, nil)
		check(t, err)
		if info.Key != key || info.UploadID == "" {
			t.Fatalf("begun %+v", info)
		}
		ids[key] = info.UploadID
	}
	list := func(options uplink.ListUploadsOptions) (keys []string) {
		t.Helper()
		uploads := project.ListUploads(ctx, bucket, &options)
		for uploads.Next() {
			item := uploads.Item()
			if !item.IsPrefix && item.UploadID != ids[item.Key] {
				t.Fatalf("upload %+v", item)
			}
			if !item.IsPrefix && options.System == item.System.Created.IsZero() {
				t.Fatalf("%+v: system metadata %+v", options, item.System)
			}
			keys = append(keys, item.Key)
		}
		check(t, uploads.Err())
		slices.Sort(keys)
		return keys
	}
	for _, c := range []struct {
		options uplink.ListUploadsOptions
		want    []string
	}{
		{uplink.ListUploadsOptions{}, []string{"a", "dir/"}},
		{uplink.ListUploadsOptions{Recursive: true, System: true}, []string{"a", "dir/b", "dir/c", "dir/sub/d"}},
		{uplink.ListUploadsOptions{Prefix: "dir/", System: true}, []string{"dir/b", "dir/c", "dir/sub/"}},
		{uplink.ListUploadsOptions{Prefix: "dir/", Recursive: true, Custom: true}, []string{"dir/b", "dir/c", "dir/sub/d"}},
		{uplink.ListUploadsOptions{Prefix: "dir/c"}, []string{"dir/c"}},
		{uplink.ListUploadsOptions{Prefix: "missing/"}, nil},
	} {
		if got := list(c.options); !slices.Equal(got, c.want) {
			t.Fatalf("%+v: %q, not %q", c.options, got, c.want)
		}
	}
	// An upload hides nothing that is there, and the one of several that is committed last wins.
	check(t, put(ctx, project, bucket, "a", "there", nil))
	second, err := project.BeginUpload(ctx, bucket, "a", nil)
	check(t, err)
	uploadPart(ctx, t, project, bucket, "a", second.UploadID, 1, []byte("second"), "")
	mustEqual(t, "before commit", download(ctx, t, project, bucket, "a", nil), []byte("there"))
	_, err = project.CommitUpload(ctx, bucket, "a", second.UploadID, nil)
	check(t, err)
	mustEqual(t, "after commit", download(ctx, t, project, bucket, "a", nil), []byte("second"))
}

func TestListPartsAfterCursor(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "parts")
	info, err := project.BeginUpload(ctx, bucket, "key", nil)
	check(t, err)
	for _, number := range []uint32{10000, 1, 300, 2} {
		uploadPart(ctx, t, project, bucket, "key", info.UploadID, number, randomBytes(t, int(number)), fmt.Sprint(number))
	}
	list := func(cursor uint32) (numbers []uint32) {
		parts := project.ListUploadParts(ctx, bucket, "key", info.UploadID, &uplink.ListUploadPartsOptions{Cursor: cursor})
		for parts.Next() {
			part := parts.Item()
			if part.Size != int64(part.PartNumber) || string(part.ETag) != fmt.Sprint(part.PartNumber) || part.Modified.IsZero() {
				t.Fatalf("part %+v", part)
			}
			numbers = append(numbers, part.PartNumber)
		}
		check(t, parts.Err())
		return numbers
	}
	for cursor, want := range map[uint32][]uint32{0: {1, 2, 300, 10000}, 2: {300, 10000}, 5: {300, 10000}, 10000: nil} {
		if got := list(cursor); !slices.Equal(got, want) {
			t.Fatalf("after %d: %v", cursor, got)
		}
	}
	check(t, project.AbortUpload(ctx, bucket, "key", info.UploadID))
	_, err = project.StatObject(ctx, bucket, "key")
	mustBe(t, "what was given up", err, uplink.ErrObjectNotFound)
}

func TestPermissionTimes(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "times")
	check(t, put(ctx, project, bucket, "key", "data", nil))
	for name, c := range map[string]struct {
		before, after time.Duration
		valid         bool
	}{
		"now": {-time.Hour, time.Hour, true}, "past": {-time.Hour, -time.Minute, false}, "future": {time.Minute, time.Hour, false},
	} {
		permission := uplink.ReadOnlyPermission()
		permission.NotBefore, permission.NotAfter = time.Now().Add(c.before), time.Now().Add(c.after)
		_, guest := opened(ctx, t, permission)
		_, err := guest.StatObject(ctx, bucket, "key")
		if c.valid {
			check(t, err)
		} else {
			mustBe(t, name, err, uplink.ErrPermissionDenied)
		}
	}
	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	if _, err = access.Share(uplink.Permission{}); err == nil {
		t.Fatal("a share that permits nothing was made")
	}
	if _, err = access.Share(uplink.Permission{AllowList: true, NotBefore: time.Now(), NotAfter: time.Now().Add(-time.Hour)}); err == nil {
		t.Fatal("a share that ends before it begins was made")
	}
}

func TestMaxObjectTTL(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "ttl")
	ttl := time.Hour
	permission := uplink.FullPermission()
	permission.MaxObjectTTL = &ttl
	_, guest := opened(ctx, t, permission)
	check(t, put(ctx, guest, bucket, "key", "data", nil))
	check(t, put(ctx, guest, bucket, "sooner", "data", &uplink.UploadOptions{Expires: time.Now().Add(time.Minute)}))
	err := put(ctx, guest, bucket, "later", "data", &uplink.UploadOptions{Expires: time.Now().Add(2 * time.Hour)})
	if !strings.Contains(errorText(err), "invalid expiration time, cannot be longer than 1h0m0s") {
		t.Fatalf("an object that lives longer: %v", err)
	}
	info, err := guest.BeginUpload(ctx, bucket, "parts", nil)
	check(t, err)
	uploadPart(ctx, t, guest, bucket, "parts", info.UploadID, 1, []byte("part"), "")
	_, err = guest.CommitUpload(ctx, bucket, "parts", info.UploadID, nil)
	check(t, err)
	for key, want := range map[string]time.Duration{"key": time.Hour, "parts": time.Hour, "sooner": time.Minute} {
		stat, err := project.StatObject(ctx, bucket, key)
		check(t, err)
		if left := time.Until(stat.System.Expires); left > want || left < want-30*time.Second {
			t.Fatalf("%s expires in %v", key, left)
		}
	}
}

// A grant ends with all that was derived from it, and the one that it was derived from goes on.
func TestRevokeAccess(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "revoked")
	check(t, put(ctx, project, bucket, "in/key", "data", nil))
	parent, _ := opened(ctx, t, uplink.ReadOnlyPermission())
	child, err := parent.Share(uplink.ReadOnlyPermission(), uplink.SharePrefix{Bucket: bucket, Prefix: "in/"})
	check(t, err)
	sibling, err := parent.Share(uplink.ReadOnlyPermission(), uplink.SharePrefix{Bucket: bucket})
	check(t, err)
	mustBe(t, "revocation of a parent", openGrant(ctx, t, grantText(t, child)).RevokeAccess(ctx, parent), uplink.ErrPermissionDenied)
	check(t, openGrant(ctx, t, grantText(t, parent)).RevokeAccess(ctx, child))
	_, err = openGrant(ctx, t, grantText(t, child)).StatObject(ctx, bucket, "in/key")
	mustBe(t, "child", err, uplink.ErrPermissionDenied)
	_, err = openGrant(ctx, t, grantText(t, sibling)).StatObject(ctx, bucket, "in/key")
	check(t, err)
}

func TestConfig(t *testing.T) {
	ctx := testContext(t)
	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	made, err := identity.NewFullIdentity(ctx, identity.NewCAOptions{Difficulty: 0, Concurrency: 1})
	check(t, err)
	config := uplink.Config{UserAgent: "Interop/1.0 (test)"}
	for _, certificate := range [][]byte{made.Leaf.Raw, made.CA.Raw} {
		config.ChainPEM = append(config.ChainPEM, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(made.Key)
	check(t, err)
	config.KeyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	project, err := config.OpenProject(ctx, access)
	check(t, err)
	defer func() { check(t, project.Close()) }()
	bucket := newBucket(ctx, t, project, "config")
	data := randomBytes(t, 50*kib)
	upload(ctx, t, project, bucket, "key", data, nil)
	mustEqual(t, "with an identity of its own", download(ctx, t, project, bucket, "key", nil), data)

	for _, bad := range []string{"", "not a grant", grantText(t, access)[:50]} {
		if _, err := uplink.ParseAccess(bad); err == nil {
			t.Fatalf("grant %q was read", bad)
		}
	}
}
