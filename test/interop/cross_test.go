package interop

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"storj.io/uplink"
	privateAccess "storj.io/uplink/private/access"
)

// mustHold reads an object with both; of large ones the end of the first segment and what comes after it.
func mustHold(ctx context.Context, t *testing.T, project *uplink.Project, core *core, bucket, key string, data []byte, custom map[string]string) {
	t.Helper()
	size, from := int64(len(data)), int64(0)
	if size > 64*mib {
		from = 64*mib - 1000
		data = data[from:]
	}
	mustEqual(t, key+" by uplink", download(ctx, t, project, bucket, key, &uplink.DownloadOptions{Offset: from, Length: -1}), data)
	stat, err := project.StatObject(ctx, bucket, key)
	check(t, err)
	if !maps.Equal(stat.Custom, custom) {
		t.Fatalf("metadata of %q by uplink: %q", key, stat.Custom)
	}
	var read coreObject
	part := args{}
	if from > 0 {
		part["start"] = from
	}
	core.do(t, "get", with(part, args{"bucket": bucket, "key": keyHex(key)}), &read)
	if read.SHA256 != sumOf(data) || read.Size != size || !maps.Equal(read.Custom, custom) {
		t.Fatalf("%q by core: %+v", key, read)
	}
}

// An object that one wrote and the other copied, moved and gave other metadata is one that both read.
func TestCoreAndUplinkCopyAndMove(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	from, onto := newBucket(ctx, t, project, "cross-from"), newBucket(ctx, t, project, "cross-onto")
	core := startCore(t)
	custom, changed := map[string]string{"made": "first ü"}, map[string]string{"made": "then", "empty": ""}
	contents := map[string][]byte{
		"empty": nil, "inline": []byte("inline"), "remote": randomBytes(t, 100*kib), "two/segments//": randomBytes(t, 65*mib),
	}
	for name, data := range contents {
		t.Run(name, func(t *testing.T) {
			for _, writer := range []string{"core", "uplink"} {
				key := writer + "/" + name
				if writer == "core" {
					core.do(t, "put", with(fileOf(t, data), args{"bucket": from, "key": keyHex(key), "custom": custom}), nil)
				} else {
					upload(ctx, t, project, from, key, data, custom)
				}
				// Core changes what uplink wrote, and the reverse; each then goes on with what the other made.
				copied, moved, again := "copied/"+key, "moved/"+key, key+"/again"
				if writer == "uplink" {
					core.do(t, "copy", args{"bucket": from, "key": keyHex(key), "toBucket": onto, "toKey": keyHex(copied)}, nil)
					mustHold(ctx, t, project, core, onto, copied, data, custom)
					check(t, project.MoveObject(ctx, onto, copied, from, moved, nil))
					mustHold(ctx, t, project, core, from, moved, data, custom)
					core.do(t, "updateMetadata", args{"bucket": from, "key": keyHex(moved), "custom": changed}, nil)
				} else {
					_, err := project.CopyObject(ctx, from, key, onto, copied, nil)
					check(t, err)
					mustHold(ctx, t, project, core, onto, copied, data, custom)
					core.do(t, "move", args{"bucket": onto, "key": keyHex(copied), "toBucket": from, "toKey": keyHex(moved)}, nil)
					mustHold(ctx, t, project, core, from, moved, data, custom)
					check(t, project.UpdateObjectMetadata(ctx, from, moved, changed, nil))
				}
				mustHold(ctx, t, project, core, from, moved, data, changed)
				core.do(t, "copy", args{"bucket": from, "key": keyHex(moved), "toBucket": onto, "toKey": keyHex(again)}, nil)
				_, err := project.CopyObject(ctx, onto, again, onto, again, nil)
				check(t, err)
				mustHold(ctx, t, project, core, onto, again, data, changed)
				mustHold(ctx, t, project, core, from, key, data, custom)
				_, err = project.StatObject(ctx, onto, copied)
				mustBe(t, "source of a move", err, uplink.ErrObjectNotFound)
			}
		})
	}
}

// Parts of many sizes, copied as a whole: their segments are wrapped anew one by one.
func TestCoreAndUplinkCopyMultipartUploads(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "cross-copies")
	core := startCore(t)
	custom := uplink.CustomMetadata{"a": "b"}
	first, second := randomBytes(t, 5*mib+3), randomBytes(t, 9*kib)
	info, err := project.BeginUpload(ctx, bucket, "parts", nil)
	check(t, err)
	uploadPart(ctx, t, project, bucket, "parts", info.UploadID, 9, second, "nine")
	uploadPart(ctx, t, project, bucket, "parts", info.UploadID, 3, first, "three")
	_, err = project.CommitUpload(ctx, bucket, "parts", info.UploadID, &uplink.CommitUploadOptions{CustomMetadata: custom})
	check(t, err)
	core.do(t, "copy", args{"bucket": bucket, "key": keyHex("parts"), "toBucket": bucket, "toKey": keyHex("by/core")}, nil)
	_, err = project.CopyObject(ctx, bucket, "by/core", bucket, "by/both", nil)
	check(t, err)
	for _, key := range []string{"parts", "by/core", "by/both"} {
		mustHold(ctx, t, project, core, bucket, key, append(first[:len(first):len(first)], second...), custom)
	}
}

func TestCoreAndUplinkAgreeOnExpiry(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "cross-expiry")
	core := startCore(t)
	expires := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	core.do(t, "put", with(fileOf(t, []byte("x")), args{"bucket": bucket, "key": keyHex("core"), "expiresAt": expires.Format(time.RFC3339Nano)}), nil)
	check(t, put(ctx, project, bucket, "uplink", "x", &uplink.UploadOptions{Expires: expires}))
	for _, key := range []string{"core", "uplink"} {
		stat, err := project.StatObject(ctx, bucket, key)
		check(t, err)
		var head struct{ ExpiresAt time.Time }
		core.do(t, "head", args{"bucket": bucket, "key": keyHex(key)}, &head)
		if !stat.System.Expires.Equal(expires) || !head.ExpiresAt.Equal(expires) {
			t.Fatalf("%s expires %v by uplink, %v by core, not %v", key, stat.System.Expires, head.ExpiresAt, expires)
		}
	}
}

// Both derive the same keys of a passphrase, so that what one stores with it the other reads.
func TestCoreAndUplinkRequestTheSameAccess(t *testing.T) {
	ctx := testContext(t)
	limits := startLimits(ctx, t)
	core := startCore(t)
	theirs, err := limits.access(ctx, t, "parts")
	check(t, err)
	serialized, err := theirs.Serialize()
	check(t, err)
	if theirs.SatelliteAddress() != limits.URL {
		t.Fatalf("satellite %q, not %q", theirs.SatelliteAddress(), limits.URL)
	}
	var ours string
	core.do(t, "requestAccess", args{"satellite": limits.URL, "apiKey": limits.Keys["parts"], "passphrase": "passphrase"}, &ours)
	if ours != serialized {
		t.Fatal("the access grants of one passphrase differ")
	}
	var wrong string
	core.do(t, "requestAccess", args{"satellite": limits.URL, "apiKey": limits.Keys["parts"], "passphrase": "Passphrase"}, &wrong)
	if wrong == ours {
		t.Fatal("two passphrases make the same access grant")
	}
}

// Access grants that leave keys in the clear, as `uplink access create --unencrypted-object-keys` makes them.
func TestCoreAndUplinkWithPlainKeys(t *testing.T) {
	ctx := testContext(t)
	limits := startLimits(ctx, t)
	core := startCore(t)
	config := uplink.Config{}
	privateAccess.DisableObjectKeyEncryption(&config)
	access, err := config.RequestAccessWithPassphrase(ctx, limits.URL, limits.Keys["parts"], "passphrase")
	check(t, err)
	project, err := config.OpenProject(ctx, access)
	check(t, err)
	defer func() { check(t, project.Close()) }()
	bucket := newBucket(ctx, t, project, "plain-keys")
	core.grant = grantText(t, access)

	data, custom := []byte("some data"), map[string]string{"a": "b"}
	keys := []string{"/", "a", "a/b", "a//", "b/\xff", "é"}
	for i, key := range keys {
		if i%2 == 0 {
			upload(ctx, t, project, bucket, key, data, custom)
		} else {
			core.do(t, "put", with(fileOf(t, data), args{"bucket": bucket, "key": keyHex(key), "custom": custom}), nil)
		}
	}
	var byUplink []string
	objects := project.ListObjects(ctx, bucket, &uplink.ListObjectsOptions{Recursive: true})
	for objects.Next() {
		byUplink = append(byUplink, objects.Item().Key)
	}
	check(t, objects.Err())
	sorted := slices.Sorted(slices.Values(keys))
	if byCore := coreKeys(t, core, args{"bucket": bucket}); !slices.Equal(byUplink, sorted) || !slices.Equal(byCore, sorted) {
		t.Fatalf("listed %q by uplink, %q by core", byUplink, byCore)
	}
	for _, key := range keys {
		mustHold(ctx, t, project, core, bucket, key, data, custom)
	}
	var shared string
	prefixes := []args{{"bucket": bucket, "prefix": keyHex("a/")}}
	core.do(t, "share", args{"permission": args{"allowDownload": true}, "prefixes": prefixes}, &shared)
	guest := openGrant(ctx, t, shared)
	mustEqual(t, "shared", download(ctx, t, guest, bucket, "a/b", nil), data)
	_, err = guest.StatObject(ctx, bucket, "b/\xff")
	mustBe(t, "not shared", err, uplink.ErrPermissionDenied)
}
