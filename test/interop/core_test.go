package interop

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"storj.io/uplink"
)

// args are the fields of a request to transfer.ts.
type args map[string]any

// core is Postern's own core in a process of its own: transfer.ts.
type core struct {
	grant  string
	input  io.Writer
	output *bufio.Reader
}

// coreObject is what core tells of an object, with all that some operation adds.
type coreObject struct {
	Key    string
	Prefix bool
	Size   int64
	Custom map[string]string
	ETag   *string
	// Of a download.
	Length int64
	SHA256 string
}

// startCore starts a core that works on the test's access grant, unless a request names another.
func startCore(t *testing.T) *core {
	t.Helper()
	script := filepath.Join("..", "..", "dist", "test", "interop", "transfer.js")
	if _, err := os.Stat(script); err != nil {
		t.Fatalf("%s: build the project first", script)
	}
	grant := accessGrant(t)
	command := exec.Command("node", script)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	check(t, err)
	output, err := command.StdoutPipe()
	check(t, err)
	check(t, command.Start())
	t.Cleanup(func() {
		check(t, input.Close())
		check(t, command.Wait())
	})
	return &core{grant: grant, input: input, output: bufio.NewReaderSize(output, 1<<20)}
}

// try answers the code of the error, or none. Keys among the arguments must be hexadecimal (keyHex).
func (c *core) try(t *testing.T, operation string, request args, answer any) (code string) {
	t.Helper()
	all := args{"operation": operation, "grant": c.grant, "custom": map[string]string{}, "key": "", "from": 0}
	for name, value := range request {
		all[name] = value
	}
	line, err := json.Marshal(all)
	check(t, err)
	_, err = c.input.Write(append(line, '\n'))
	check(t, err)
	line, err = c.output.ReadBytes('\n')
	check(t, err)
	var reply struct {
		OK    json.RawMessage
		Error *struct{ Code, Message string }
	}
	check(t, json.Unmarshal(line, &reply))
	if reply.Error != nil {
		t.Logf("core %s: %s: %s", operation, reply.Error.Code, reply.Error.Message)
		return reply.Error.Code
	}
	if answer != nil {
		check(t, json.Unmarshal(reply.OK, answer))
	}
	return ""
}

func (c *core) do(t *testing.T, operation string, request args, answer any) {
	t.Helper()
	if code := c.try(t, operation, request, answer); code != "" {
		t.Fatalf("core %s: %s", operation, code)
	}
}

func keyHex(key string) string { return hex.EncodeToString([]byte(key)) }

func keyOfHex(t *testing.T, text string) string {
	t.Helper()
	key, err := hex.DecodeString(text)
	check(t, err)
	return string(key)
}

// fileOf writes the data where core can read it.
func fileOf(t *testing.T, data []byte) args {
	t.Helper()
	file := filepath.Join(t.TempDir(), "data")
	check(t, os.WriteFile(file, data, 0o600))
	return args{"file": file, "size": len(data)}
}

// with joins arguments; later ones win.
func with(all ...args) args {
	joined := args{}
	for _, some := range all {
		for name, value := range some {
			joined[name] = value
		}
	}
	return joined
}

// Parts of one upload may come from both, and both see them with their ETags.
func TestCoreAndUplinkShareMultipartUploads(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "cross-parts")
	core := startCore(t)
	first, second := randomBytes(t, 5*mib), randomBytes(t, 70*kib)
	custom := uplink.CustomMetadata{"begun": "by both"}

	for _, beginner := range []string{"uplink", "core"} {
		key := "both/" + beginner
		object := args{"bucket": bucket, "key": keyHex(key)}
		if beginner == "uplink" {
			info, err := project.BeginUpload(ctx, bucket, key, nil)
			check(t, err)
			object["uploadId"] = info.UploadID
		} else {
			var uploadID string
			core.do(t, "begin", with(object, args{"custom": custom}), &uploadID)
			object["uploadId"] = uploadID
		}
		uploadID := object["uploadId"].(string)
		uploadPart(ctx, t, project, bucket, key, uploadID, 1, first, "one")
		core.do(t, "part", with(object, fileOf(t, second), args{"partNumber": 2, "etag": "two"}), nil)

		parts := project.ListUploadParts(ctx, bucket, key, uploadID, nil)
		etags := ""
		for parts.Next() {
			etags += string(parts.Item().ETag) + " "
		}
		check(t, parts.Err())
		var listed []struct{ ETag string }
		core.do(t, "parts", object, &listed)
		if etags != "one two " || len(listed) != 2 || listed[0].ETag != "one" || listed[1].ETag != "two" {
			t.Fatalf("ETags: %q by uplink, %q by core", etags, listed)
		}
		var pending []struct{ Key, UploadID string }
		core.do(t, "uploads", args{"bucket": bucket}, &pending)
		if len(pending) != 1 || pending[0].UploadID != uploadID || keyOfHex(t, pending[0].Key) != key {
			t.Fatalf("uploads by core: %+v", pending)
		}
		uploads := project.ListUploads(ctx, bucket, &uplink.ListUploadsOptions{Recursive: true, Custom: true})
		if !uploads.Next() || uploads.Item().UploadID != uploadID || uploads.Item().Key != key {
			t.Fatalf("uploads by uplink: %+v, %v", uploads.Item(), uploads.Err())
		}
		if beginner == "uplink" {
			core.do(t, "commit", with(object, args{"custom": custom}), nil)
		} else {
			_, err := project.CommitUpload(ctx, bucket, key, uploadID, &uplink.CommitUploadOptions{CustomMetadata: custom})
			check(t, err)
		}
		mustEqual(t, "parts of both", download(ctx, t, project, bucket, key, nil), append(first[:len(first):len(first)], second...))
		var read coreObject
		core.do(t, "get", object, &read)
		if read.SHA256 != sumOf(first, second) || read.Custom["begun"] != "by both" {
			t.Fatalf("read by core: %+v", read)
		}
	}
}
