package interop

import (
	"context"
	"testing"
	"time"

	"storj.io/uplink"
)

func grantText(t *testing.T, access *uplink.Access) string {
	t.Helper()
	text, err := access.Serialize()
	check(t, err)
	return text
}

func openGrant(ctx context.Context, t *testing.T, grant string) *uplink.Project {
	t.Helper()
	access, err := uplink.ParseAccess(grant)
	check(t, err)
	project, err := uplink.OpenProject(ctx, access)
	check(t, err)
	t.Cleanup(func() { check(t, project.Close()) })
	return project
}

func coreKeys(t *testing.T, core *core, request args) (keys []string) {
	t.Helper()
	var page struct{ Entries []coreObject }
	core.do(t, "list", request, &page)
	for _, entry := range page.Entries {
		keys = append(keys, keyOfHex(t, entry.Key))
	}
	return keys
}

// Core does with a grant that uplink limited to a prefix what that permits, and nothing else.
func TestCoreUsesWhatUplinkShared(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket, other := newBucket(ctx, t, project, "shared-by-uplink"), newBucket(ctx, t, project, "not-shared")
	core := startCore(t)
	data := randomBytes(t, 10*kib)
	for _, key := range []string{"in/ü/a", "in/ü/b/c", "in/other", "out"} {
		upload(ctx, t, project, bucket, key, data, uplink.CustomMetadata{"key": key})
	}
	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	prefix := uplink.SharePrefix{Bucket: bucket, Prefix: "in/ü/"}
	share := func(permission uplink.Permission) args {
		shared, err := access.Share(permission, prefix)
		check(t, err)
		return args{"grant": grantText(t, shared), "bucket": bucket}
	}
	at := func(key string) args { return args{"key": keyHex(key)} }
	denied := func(t *testing.T, grant args, operation string, request args) {
		t.Helper()
		if code := core.try(t, operation, with(grant, request), nil); code != "permission-denied" {
			t.Fatalf("%s: %q", operation, code)
		}
	}

	t.Run("read only", func(t *testing.T) {
		reader := share(uplink.ReadOnlyPermission())
		var read coreObject
		core.do(t, "get", with(reader, at("in/ü/b/c")), &read)
		if read.SHA256 != sumOf(data) || read.Custom["key"] != "in/ü/b/c" {
			t.Fatalf("read %+v", read)
		}
		if keys := coreKeys(t, core, with(reader, at("in/ü/"))); len(keys) != 2 || keys[0] != "in/ü/a" || keys[1] != "in/ü/b/c" {
			t.Fatalf("listed %q", keys)
		}
		if keys := coreKeys(t, core, with(reader, at("in/ü/"), args{"delimiter": "/"})); len(keys) != 2 || keys[1] != "in/ü/b/" {
			t.Fatalf("listed with a delimiter %q", keys)
		}
		var buckets []string
		core.do(t, "listBuckets", reader, &buckets)
		if len(buckets) != 1 || buckets[0] != bucket {
			t.Fatalf("buckets %q", buckets)
		}
		core.do(t, "headBucket", reader, nil)
		for _, key := range []string{"in/other", "out"} {
			denied(t, reader, "get", at(key))
			denied(t, reader, "head", at(key))
		}
		// The slash is no part of what was shared: a key without it is inside.
		if code := core.try(t, "head", with(reader, at("in/ü")), nil); code != "object-not-found" {
			t.Fatalf("head of the prefix without its slash: %q", code)
		}
		for _, prefix := range []string{"", "in/", "out/"} {
			denied(t, reader, "list", at(prefix))
		}
		denied(t, reader, "get", with(at("in/ü/a"), args{"bucket": other}))
		denied(t, reader, "headBucket", args{"bucket": other})
		denied(t, reader, "createBucket", args{"bucket": "new-" + randomText(t, 12)})
		denied(t, reader, "put", with(fileOf(t, data), at("in/ü/new")))
		denied(t, reader, "begin", at("in/ü/new"))
		denied(t, reader, "delete", at("in/ü/a"))
		denied(t, reader, "updateMetadata", at("in/ü/a"))
		denied(t, reader, "copy", with(at("in/ü/a"), args{"toBucket": bucket, "toKey": keyHex("in/ü/copy")}))
		denied(t, reader, "move", with(at("in/ü/a"), args{"toBucket": bucket, "toKey": keyHex("in/ü/moved")}))
	})
	t.Run("full", func(t *testing.T) {
		owner := share(uplink.FullPermission())
		core.do(t, "put", with(owner, fileOf(t, data), at("in/ü/new"), args{"custom": map[string]string{"by": "core"}}), nil)
		mustHold(ctx, t, project, core, bucket, "in/ü/new", data, map[string]string{"by": "core"})
		core.do(t, "copy", with(owner, at("in/ü/new"), args{"toBucket": bucket, "toKey": keyHex("in/ü/copy")}), nil)
		core.do(t, "move", with(owner, at("in/ü/copy"), args{"toBucket": bucket, "toKey": keyHex("in/ü/moved")}), nil)
		core.do(t, "updateMetadata", with(owner, at("in/ü/moved"), args{"custom": map[string]string{"by": "shared"}}), nil)
		mustHold(ctx, t, project, core, bucket, "in/ü/moved", data, map[string]string{"by": "shared"})
		var uploadID string
		core.do(t, "begin", with(owner, at("in/ü/parts")), &uploadID)
		parts := with(owner, at("in/ü/parts"), args{"uploadId": uploadID})
		core.do(t, "part", with(parts, fileOf(t, data), args{"partNumber": 1}), nil)
		core.do(t, "commit", parts, nil)
		mustHold(ctx, t, project, core, bucket, "in/ü/parts", data, nil)
		core.do(t, "delete", with(owner, at("in/ü/parts")), nil)
		_, err := project.StatObject(ctx, bucket, "in/ü/parts")
		mustBe(t, "deleted by core", err, uplink.ErrObjectNotFound)
		denied(t, owner, "copy", with(at("in/ü/new"), args{"toBucket": bucket, "toKey": keyHex("out2")}))
		denied(t, owner, "move", with(at("in/ü/new"), args{"toBucket": bucket, "toKey": keyHex("out2")}))
		denied(t, owner, "put", with(fileOf(t, data), at("out2")))
		denied(t, owner, "delete", at("out"))
	})
	t.Run("write only", func(t *testing.T) {
		writer := share(uplink.WriteOnlyPermission())
		core.do(t, "put", with(writer, fileOf(t, data), at("in/ü/dropped")), nil)
		mustHold(ctx, t, project, core, bucket, "in/ü/dropped", data, nil)
		denied(t, writer, "get", at("in/ü/dropped"))
		denied(t, writer, "head", at("in/ü/dropped"))
		denied(t, writer, "list", at("in/ü/"))
		core.do(t, "delete", with(writer, at("in/ü/dropped")), nil)
		_, err := project.StatObject(ctx, bucket, "in/ü/dropped")
		mustBe(t, "deleted by core", err, uplink.ErrObjectNotFound)
	})
	t.Run("expired", func(t *testing.T) {
		expired := share(uplink.Permission{AllowDownload: true, NotAfter: time.Now().Add(-time.Minute)})
		denied(t, expired, "get", at("in/ü/a"))
	})
}

// Uplink does with a grant that core limited to a prefix what that permits, and nothing else.
func TestUplinkUsesWhatCoreShared(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "shared-by-core")
	core := startCore(t)
	data := randomBytes(t, 10*kib)
	for _, key := range []string{"in/ü/a", "in/ü/b/c", "out"} {
		core.do(t, "put", with(fileOf(t, data), args{"bucket": bucket, "key": keyHex(key)}), nil)
	}
	share := func(from, prefix string, permission args) string {
		var grant string
		prefixes := []args{{"bucket": bucket, "prefix": keyHex(prefix)}}
		core.do(t, "share", args{"grant": from, "permission": permission, "prefixes": prefixes}, &grant)
		return grant
	}
	read := args{"allowDownload": true, "allowList": true}
	all := with(read, args{"allowUpload": true, "allowDelete": true})

	// One with and one without a slash, and one that is a share of a share.
	for name, grant := range map[string]string{
		"slash": share(core.grant, "in/ü/", read), "no slash": share(core.grant, "in/ü", read),
		"twice": share(share(core.grant, "in/", all), "in/ü/", read),
	} {
		t.Run(name, func(t *testing.T) {
			guest := openGrant(ctx, t, grant)
			mustEqual(t, "shared", download(ctx, t, guest, bucket, "in/ü/b/c", nil), data)
			var keys []string
			objects := guest.ListObjects(ctx, bucket, &uplink.ListObjectsOptions{Prefix: "in/ü/", Recursive: true})
			for objects.Next() {
				keys = append(keys, objects.Item().Key)
			}
			check(t, objects.Err())
			if len(keys) != 2 {
				t.Fatalf("listed %q", keys)
			}
			_, err := guest.StatObject(ctx, bucket, "out")
			mustBe(t, "outside", err, uplink.ErrPermissionDenied)
			mustBe(t, "write", put(ctx, guest, bucket, "in/ü/new", "x", nil), uplink.ErrPermissionDenied)
			outside := guest.ListObjects(ctx, bucket, nil)
			if outside.Next() {
				t.Fatal("the whole bucket is listed")
			}
			mustBe(t, "list outside", outside.Err(), uplink.ErrPermissionDenied)
		})
	}
	t.Run("full", func(t *testing.T) {
		owner := openGrant(ctx, t, share(core.grant, "in/ü/", all))
		check(t, put(ctx, owner, bucket, "in/ü/new", "new", nil))
		_, err := owner.CopyObject(ctx, bucket, "in/ü/new", bucket, "in/ü/copy", nil)
		check(t, err)
		mustHold(ctx, t, project, core, bucket, "in/ü/copy", []byte("new"), nil)
		_, err = owner.DeleteObject(ctx, bucket, "in/ü/copy")
		check(t, err)
		mustBe(t, "write outside", put(ctx, owner, bucket, "out2", "x", nil), uplink.ErrPermissionDenied)
	})
	t.Run("times", func(t *testing.T) {
		until := func(after time.Duration) *uplink.Project {
			permission := with(read, args{"until": time.Now().Add(after).UTC().Format(time.RFC3339Nano)})
			return openGrant(ctx, t, share(core.grant, "in/", permission))
		}
		mustEqual(t, "still valid", download(ctx, t, until(time.Hour), bucket, "in/ü/a", nil), data)
		_, err := until(-time.Minute).StatObject(ctx, bucket, "in/ü/a")
		mustBe(t, "expired", err, uplink.ErrPermissionDenied)
	})
	t.Run("time to live", func(t *testing.T) {
		short := openGrant(ctx, t, share(core.grant, "in/", with(all, args{"maxObjectTtlMs": 3_600_000})))
		check(t, put(ctx, short, bucket, "in/short", "x", nil))
		stat, err := project.StatObject(ctx, bucket, "in/short")
		check(t, err)
		if until := time.Until(stat.System.Expires); until < 50*time.Minute || until > time.Hour {
			t.Fatalf("expires in %v", until)
		}
	})
	t.Run("revoked", func(t *testing.T) {
		grant := share(core.grant, "in/", read)
		core.do(t, "revoke", args{"file": grant}, nil)
		_, err := openGrant(ctx, t, grant).StatObject(ctx, bucket, "in/ü/a")
		mustBe(t, "revoked", err, uplink.ErrPermissionDenied)
	})
}

// Users of an application with keys of their own in one bucket (the multitenancy of uplink's package documentation).
func TestOverriddenEncryptionKeys(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "tenants")
	core := startCore(t)
	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	users := map[string]string{}
	for _, user := range []string{"alice", "bob"} {
		key, err := uplink.DeriveEncryptionKey("passphrase of "+user, []byte("salt"))
		check(t, err)
		shared, err := access.Share(uplink.FullPermission(), uplink.SharePrefix{Bucket: bucket, Prefix: user + "/"})
		check(t, err)
		check(t, shared.OverrideEncryptionKey(bucket, user+"/", key))
		if shared.OverrideEncryptionKey(bucket, user, key) == nil {
			t.Fatal("a key was given to what is no prefix")
		}
		users[user] = grantText(t, shared)
		check(t, put(ctx, openGrant(ctx, t, users[user]), bucket, user+"/by/uplink", user, nil))

		ours := args{"grant": users[user], "bucket": bucket, "key": keyHex(user + "/by/uplink")}
		var read coreObject
		core.do(t, "get", ours, &read)
		if read.SHA256 != sumOf([]byte(user)) {
			t.Fatalf("%s by core: %+v", user, read)
		}
		// The same override made by core on the bare grant.
		var grant string
		core.do(t, "overrideKey", args{"bucket": bucket, "key": keyHex(user + "/"), "passphrase": "passphrase of " + user, "salt": "salt"}, &grant)
		core.do(t, "put", with(fileOf(t, []byte("core")), args{"grant": grant, "bucket": bucket, "key": keyHex(user + "/by/core")}), nil)
		mustEqual(t, "by core", download(ctx, t, openGrant(ctx, t, users[user]), bucket, user+"/by/core", nil), []byte("core"))
	}
	alice := openGrant(ctx, t, users["alice"])
	var keys []string
	objects := alice.ListObjects(ctx, bucket, &uplink.ListObjectsOptions{Prefix: "alice/", Recursive: true})
	for objects.Next() {
		keys = append(keys, objects.Item().Key)
	}
	check(t, objects.Err())
	if len(keys) != 2 {
		t.Fatalf("alice sees %q", keys)
	}
	_, err = alice.StatObject(ctx, bucket, "bob/by/uplink")
	mustBe(t, "what is bob's", err, uplink.ErrPermissionDenied)
	// The application itself does not have the users' keys.
	if _, err = project.DownloadObject(ctx, bucket, "alice/by/uplink", nil); err == nil {
		t.Fatal("read without the user's key")
	}
}
