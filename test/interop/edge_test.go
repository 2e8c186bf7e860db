package interop

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7"
	"storj.io/uplink"
	"storj.io/uplink/edge"
)

func TestRegisterAccessErrors(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	access, err := uplink.ParseAccess(file.AccessGrant)
	check(t, err)
	// Connections are made when they are used, so that this is no ErrAuthDialFailed.
	nowhere := edge.Config{AuthServiceAddress: "127.0.0.1:1"}
	_, err = nowhere.RegisterAccess(ctx, access, nil)
	mustBe(t, "no auth service", err, edge.ErrRegisterAccessFailed)
	if _, err = (&edge.Config{}).RegisterAccess(ctx, access, nil); err == nil {
		t.Fatal("registered nowhere")
	}
	foreign := uplinkGrantOf(t, filepath.Join("..", "vectors", "access-grant.json"))
	unknown, err := uplink.ParseAccess(foreign)
	check(t, err)
	config := edge.Config{AuthServiceAddress: file.AuthDrpc, InsecureUnencryptedConnection: true}
	_, err = config.RegisterAccess(ctx, unknown, nil)
	mustBe(t, "grant of a satellite that is not served", err, edge.ErrRegisterAccessFailed)
}

// uplinkGrantOf takes a grant from the test vectors.
func uplinkGrantOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	check(t, err)
	var vectors struct{ Grants []struct{ Text string } }
	check(t, json.Unmarshal(content, &vectors))
	return vectors.Grants[0].Text
}

// Public access is one by its key alone, for links; credentials work the same for both.
func TestRegisterPublicAccess(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "public")
	access, err := uplink.ParseAccess(file.AccessGrant)
	check(t, err)
	shared, err := access.Share(uplink.FullPermission(), uplink.SharePrefix{Bucket: bucket})
	check(t, err)
	config := edge.Config{AuthServiceAddress: file.AuthDrpc, InsecureUnencryptedConnection: true}
	seen := map[string]bool{}
	for _, options := range []*edge.RegisterAccessOptions{nil, {Public: true}, {Public: false}} {
		credentials, err := config.RegisterAccess(ctx, shared, options)
		check(t, err)
		if len(credentials.AccessKeyID) != 28 || len(credentials.SecretKey) != 53 || seen[credentials.AccessKeyID] {
			t.Fatalf("key %q with a secret of %d characters", credentials.AccessKeyID, len(credentials.SecretKey))
		}
		seen[credentials.AccessKeyID] = true
		client := s3Client(t, credentials.Endpoint, credentials.AccessKeyID, credentials.SecretKey)
		_, err = client.PutObject(ctx, bucket, "key", bytes.NewReader([]byte("s3")), 2, minio.PutObjectOptions{})
		check(t, err)
		mustEqual(t, "put through S3", download(ctx, t, project, bucket, "key", nil), []byte("s3"))

		link, err := edge.JoinShareURL("https://link.example/", credentials.AccessKeyID, bucket, "dir/key", &edge.ShareURLOptions{Raw: true})
		check(t, err)
		if want := "https://link.example/raw/" + credentials.AccessKeyID + "/" + bucket + "/dir/key"; link != want {
			t.Fatalf("link %q, not %q", link, want)
		}
	}
}
