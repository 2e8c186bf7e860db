package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"testing"

	"storj.io/uplink"
)

func randomBytes(t *testing.T, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	_, err := rand.Read(data)
	check(t, err)
	return data
}

func randomText(t *testing.T, size int) string {
	t.Helper()
	return hex.EncodeToString(randomBytes(t, size))[:size]
}

func upload(ctx context.Context, t *testing.T, project *uplink.Project, bucket, key string, data []byte, custom uplink.CustomMetadata) {
	t.Helper()
	up, err := project.UploadObject(ctx, bucket, key, nil)
	check(t, err)
	_, err = io.Copy(up, bytes.NewReader(data))
	check(t, err)
	if custom != nil {
		check(t, up.SetCustomMetadata(ctx, custom))
	}
	check(t, up.Commit())
}

func download(ctx context.Context, t *testing.T, project *uplink.Project, bucket, key string, options *uplink.DownloadOptions) []byte {
	t.Helper()
	down, err := project.DownloadObject(ctx, bucket, key, options)
	check(t, err)
	data, err := io.ReadAll(down)
	check(t, err)
	check(t, down.Close())
	return data
}

func mustEqual(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: got %d bytes that differ from the %d expected", what, len(got), len(want))
	}
}

// sumOf is the SHA-256 of all the data in a row, in hexadecimal.
func sumOf(data ...[]byte) string {
	hash := sha256.New()
	for _, some := range data {
		hash.Write(some)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func uploadPart(ctx context.Context, t *testing.T, project *uplink.Project, bucket, key, uploadID string, number uint32, data []byte, etag string) {
	t.Helper()
	part, err := project.UploadPart(ctx, bucket, key, uploadID, number)
	check(t, err)
	_, err = io.Copy(part, bytes.NewReader(data))
	check(t, err)
	check(t, part.SetETag([]byte(etag)))
	check(t, part.Commit())
}
