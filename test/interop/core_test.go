package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"storj.io/uplink"
)

// core runs one operation of Postern's own core (transfer.ts), on the same access grant.
func core(ctx context.Context, t *testing.T, args ...string) map[string]any {
	t.Helper()
	script := filepath.Join("..", "..", "dist", "test", "interop", "transfer.js")
	if _, err := os.Stat(script); err != nil {
		t.Fatalf("%s: build the project first", script)
	}
	command := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	command.Env = append(os.Environ(), "POSTERN_ACCESS="+accessGrant(t))
	command.Stderr = os.Stderr
	output, err := command.Output()
	check(t, err)
	var answer map[string]any
	check(t, json.Unmarshal(output, &answer))
	return answer
}

// What one implementation writes the other reads, byte for byte, with metadata.
func TestCoreAndUplinkReadEachOther(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "cross")
	dir := t.TempDir()
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := randomBytes(t, size)
			file := filepath.Join(dir, fmt.Sprint(size))
			check(t, os.WriteFile(file, data, 0o600))

			ours := fmt.Sprintf("ours/ü %d", size)
			core(ctx, t, "put", bucket, ours, file, `{"written":"by core","empty":""}`)
			stat, err := project.StatObject(ctx, bucket, ours)
			check(t, err)
			if stat.Custom["written"] != "by core" || stat.System.ContentLength != int64(size) {
				t.Fatalf("stat of what core wrote: %+v", stat)
			}
			mustEqual(t, "written by core", download(ctx, t, project, bucket, ours, nil), data)

			theirs := fmt.Sprintf("theirs/%d", size)
			upload(ctx, t, project, bucket, theirs, data, uplink.CustomMetadata{"written": "by uplink", "empty": ""})
			got := file + ".got"
			answer := core(ctx, t, "get", bucket, theirs, got)
			read, err := os.ReadFile(got)
			check(t, err)
			mustEqual(t, "written by uplink", read, data)
			custom, _ := answer["custom"].(map[string]any)
			if custom["written"] != "by uplink" || custom["empty"] != "" {
				t.Fatalf("metadata of what uplink wrote: %v", answer)
			}
			if size > 10 {
				core(ctx, t, "get", bucket, theirs, got, fmt.Sprint(size/2), fmt.Sprint(size-1))
				read, err = os.ReadFile(got)
				check(t, err)
				mustEqual(t, "range of what uplink wrote", read, data[size/2:size-1])
			}
		})
	}
}

func TestCoreAndUplinkShareMultipartUploads(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "cross-parts")
	dir := t.TempDir()
	first, second := randomBytes(t, 5*mib), randomBytes(t, 70*kib)
	file := filepath.Join(dir, "part")
	check(t, os.WriteFile(file, second, 0o600))

	info, err := project.BeginUpload(ctx, bucket, "both", nil)
	check(t, err)
	part, err := project.UploadPart(ctx, bucket, "both", info.UploadID, 1)
	check(t, err)
	_, err = part.Write(first)
	check(t, err)
	check(t, part.SetETag([]byte("one")))
	check(t, part.Commit())
	core(ctx, t, "part", bucket, "both", info.UploadID, "2", file, "two")

	parts := project.ListUploadParts(ctx, bucket, "both", info.UploadID, nil)
	etags := ""
	for parts.Next() {
		etags += string(parts.Item().ETag) + " "
	}
	check(t, parts.Err())
	listed := core(ctx, t, "parts", bucket, "both", info.UploadID)
	if etags != "one two " || listed["etags"] != etags {
		t.Fatalf("ETags: %q by uplink, %q by core", etags, listed["etags"])
	}
	core(ctx, t, "commit", bucket, "both", info.UploadID)
	mustEqual(t, "parts of both", download(ctx, t, project, bucket, "both", nil), append(first, second...))
}
