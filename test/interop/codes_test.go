package interop

import (
	"testing"

	"storj.io/uplink"
)

// What fails at uplink with an error kind of its own fails at core with a code of its own, whose satellite it may be.
func TestErrorCodesOfCore(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "codes")
	core := startCore(t)
	check(t, put(ctx, project, bucket, "key", "data", nil))
	info, err := project.BeginUpload(ctx, bucket, "parts", nil)
	check(t, err)
	for number := uint32(1); number <= 2; number++ {
		uploadPart(ctx, t, project, bucket, "parts", info.UploadID, number, []byte("too small"), "")
	}
	readOnly, _ := opened(ctx, t, uplink.ReadOnlyPermission())

	at := func(key string) args { return args{"bucket": bucket, "key": keyHex(key)} }
	onto := args{"toBucket": bucket, "toKey": keyHex("copy")}
	nowhere := args{"bucket": "missing-" + randomText(t, 12), "key": keyHex("key")}
	data := fileOf(t, []byte("data"))
	denied := args{"grant": grantText(t, readOnly)}
	parts := with(at("parts"), args{"uploadId": info.UploadID})
	noParts := with(at("parts"), args{"uploadId": "not an upload id"})
	for _, c := range []struct {
		operation string
		request   args
		code      string
	}{
		{"createBucket", args{"bucket": bucket}, "bucket-already-exists"},
		{"createBucket", args{"bucket": "Not_a_name"}, "bucket-name-invalid"},
		{"createBucket", args{"bucket": ""}, "bucket-name-invalid"},
		{"headBucket", nowhere, "bucket-not-found"},
		{"deleteBucket", nowhere, "bucket-not-found"},
		{"deleteBucket", at(""), "bucket-not-empty"},
		{"put", with(data, nowhere), "bucket-not-found"},
		{"list", nowhere, "bucket-not-found"},
		{"begin", nowhere, "bucket-not-found"},
		{"get", at("missing"), "object-not-found"},
		{"head", at("missing"), "object-not-found"},
		{"copy", with(at("missing"), onto), "object-not-found"},
		{"move", with(at("missing"), onto), "object-not-found"},
		{"updateMetadata", at("missing"), "object-not-found"},
		{"put", with(data, at("")), "object-key-invalid"},
		{"get", at(""), "object-key-invalid"},
		{"head", at(""), "object-key-invalid"},
		{"get", with(at("key"), args{"start": 5}), "range-not-satisfiable"},
		{"commit", parts, "part-too-small"},
		{"part", with(data, noParts, args{"partNumber": 1}), "upload-not-found"},
		{"commit", noParts, "upload-not-found"},
		{"abort", noParts, "upload-not-found"},
		{"parts", noParts, "upload-not-found"},
		{"put", with(data, at("key"), denied), "permission-denied"},
		{"delete", with(at("key"), denied), "permission-denied"},
		{"get", args{"grant": "no grant"}, "invalid-grant"},
	} {
		if code := core.try(t, c.operation, c.request, nil); code != c.code {
			t.Errorf("%s %v: %q, not %q", c.operation, c.request, code, c.code)
		}
	}
	if code := core.try(t, "delete", at("missing"), nil); code != "" {
		t.Errorf("delete of nothing: %q", code)
	}
}

func TestLimitCodesOfCore(t *testing.T) {
	ctx := testContext(t)
	limits := startLimits(ctx, t)
	core := startCore(t)
	small := with(fileOf(t, randomBytes(t, 1_900)), args{"bucket": "bucket", "key": keyHex("key")})
	for name, c := range map[string]struct {
		operation string
		request   args
		code      string
	}{
		"buckets":  {"createBucket", args{"bucket": "another"}, "bucket-limit-exceeded"},
		"storage":  {"put", small, "storage-limit-exceeded"},
		"segments": {"put", small, "segments-limit-exceeded"},
		"egress":   {"get", small, "bandwidth-limit-exceeded"},
		"keyRate":  {"head", small, "too-many-requests"},
	} {
		t.Run(name, func(t *testing.T) {
			access, err := limits.access(ctx, t, name)
			check(t, err)
			core.grant = grantText(t, access)
			core.do(t, "createBucket", args{"bucket": "bucket"}, nil)
			core.do(t, "put", small, nil)
			code, same := "", name != "storage" && name != "segments"
			for i := 0; i < 50 && code == ""; i++ {
				key := "key"
				if !same {
					key = randomText(t, 8)
				}
				code = core.try(t, c.operation, with(c.request, args{"key": keyHex(key)}), nil)
			}
			if code != c.code {
				t.Fatalf("%q, not %q", code, c.code)
			}
		})
	}
}
