package interop

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"storj.io/uplink"
)

// limitedProjects is what limits.ts prints.
type limitedProjects struct {
	URL  string
	Keys map[string]string
}

func startLimits(ctx context.Context, t *testing.T) *limitedProjects {
	t.Helper()
	script := filepath.Join("..", "..", "dist", "test", "interop", "limits.js")
	if _, err := os.Stat(script); err != nil {
		t.Fatalf("%s: build the project first", script)
	}
	command := exec.CommandContext(ctx, "node", script, t.TempDir())
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	check(t, err)
	output, err := command.StdoutPipe()
	check(t, err)
	check(t, command.Start())
	t.Cleanup(func() { _ = input.Close(); _ = command.Wait() })
	line, err := bufio.NewReaderSize(output, 1<<16).ReadBytes('\n')
	check(t, err)
	limits := &limitedProjects{}
	check(t, json.Unmarshal(line, limits))
	return limits
}

func (limits *limitedProjects) access(ctx context.Context, t *testing.T, name string) (*uplink.Access, error) {
	t.Helper()
	return uplink.RequestAccessWithPassphrase(ctx, limits.URL, limits.Keys[name], "passphrase")
}

func (limits *limitedProjects) project(ctx context.Context, t *testing.T, name string) *uplink.Project {
	t.Helper()
	access, err := limits.access(ctx, t, name)
	check(t, err)
	project, err := uplink.OpenProject(ctx, access)
	check(t, err)
	t.Cleanup(func() { check(t, project.Close()) })
	return project
}

func (limits *limitedProjects) bucket(ctx context.Context, t *testing.T, name string) *uplink.Project {
	t.Helper()
	project := limits.project(ctx, t, name)
	_, err := project.CreateBucket(ctx, "bucket")
	check(t, err)
	return project
}

func tryUpload(ctx context.Context, t *testing.T, project *uplink.Project, key string, size int) error {
	t.Helper()
	upload, err := project.UploadObject(ctx, "bucket", key, nil)
	check(t, err)
	if _, err = upload.Write(randomBytes(t, size)); err == nil {
		err = upload.Commit()
	}
	if err != nil {
		_ = upload.Abort()
	}
	return err
}

func TestLimits(t *testing.T) {
	ctx := testContext(t)
	limits := startLimits(ctx, t)

	t.Run("buckets", func(t *testing.T) {
		project := limits.bucket(ctx, t, "buckets")
		_, err := project.CreateBucket(ctx, "bucket-2")
		if !strings.Contains(errorText(err), "number of allocated buckets (1) exceeded") {
			t.Fatalf("second bucket: %v", err)
		}
	})
	t.Run("storage", func(t *testing.T) {
		project := limits.bucket(ctx, t, "storage")
		check(t, tryUpload(ctx, t, project, "1", 1_900))
		check(t, tryUpload(ctx, t, project, "2", 1_900))
		wantError(t, "third object", tryUpload(ctx, t, project, "3", 1), uplink.ErrStorageLimitExceeded)
		_, err := project.CopyObject(ctx, "bucket", "1", "bucket", "copy", nil)
		wantError(t, "copy", err, uplink.ErrStorageLimitExceeded)
	})
	t.Run("segments", func(t *testing.T) {
		project := limits.bucket(ctx, t, "segments")
		check(t, tryUpload(ctx, t, project, "1", 1))
		check(t, tryUpload(ctx, t, project, "2", 1))
		wantError(t, "third object", tryUpload(ctx, t, project, "3", 1), uplink.ErrSegmentsLimitExceeded)
		_, err := project.BeginUpload(ctx, "bucket", "parts", nil)
		wantError(t, "begin of an upload", err, uplink.ErrSegmentsLimitExceeded)
	})
	t.Run("egress", func(t *testing.T) {
		project := limits.bucket(ctx, t, "egress")
		check(t, tryUpload(ctx, t, project, "key", 1_000))
		download(ctx, t, project, "bucket", "key", nil)
		download(ctx, t, project, "bucket", "key", nil)
		_, err := project.DownloadObject(ctx, "bucket", "key", nil)
		wantError(t, "third download", err, uplink.ErrBandwidthLimitExceeded)
		_, err = project.StatObject(ctx, "bucket", "key")
		check(t, err)
	})
	for _, name := range []string{"rate", "keyRate"} {
		t.Run(name, func(t *testing.T) {
			project := limits.bucket(ctx, t, name)
			var err error
			for i := 0; i < 50 && err == nil; i++ {
				_, err = project.StatBucket(ctx, "bucket")
			}
			wantError(t, "too many requests", err, uplink.ErrTooManyRequests)
		})
	}
	t.Run("disabled", func(t *testing.T) {
		_, err := limits.access(ctx, t, "disabled")
		wantError(t, "project without requests", err, uplink.ErrPermissionDenied)
	})
	t.Run("parts", func(t *testing.T) {
		project := limits.bucket(ctx, t, "parts")
		begun, err := project.BeginUpload(ctx, "bucket", "parts", nil)
		check(t, err)
		for number := uint32(1); number <= 2; number++ {
			part, err := project.UploadPart(ctx, "bucket", "parts", begun.UploadID, number)
			check(t, err)
			_, err = part.Write(randomBytes(t, 99))
			check(t, err)
			check(t, part.Commit())
		}
		_, err = project.CommitUpload(ctx, "bucket", "parts", begun.UploadID, nil)
		if !strings.Contains(errorText(err), "size of part number 1 is below minimum threshold, got: 99 B") {
			t.Fatalf("commit of small parts: %v", err)
		}
	})
}

func TestWhatCanNotBeStored(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "refused")
	long, err := project.UploadObject(ctx, bucket, strings.Repeat("k", 4_000), nil)
	check(t, err)
	_, err = long.Write([]byte("1"))
	check(t, err)
	if err = long.Commit(); !strings.Contains(errorText(err), "key length is too big") {
		t.Fatalf("key of more than 4000 bytes: %v", err)
	}
	heavy, err := project.UploadObject(ctx, bucket, "key", nil)
	check(t, err)
	_, err = heavy.Write([]byte("1"))
	check(t, err)
	check(t, heavy.SetCustomMetadata(ctx, uplink.CustomMetadata{"key": strings.Repeat("v", 2_100)}))
	if err = heavy.Commit(); !strings.Contains(errorText(err), "metadata is too large") {
		t.Fatalf("metadata of more than 2 KiB: %v", err)
	}
}
