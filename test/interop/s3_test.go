package interop

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"storj.io/uplink"
	"storj.io/uplink/edge"
	"storj.io/uplink/private/object"
)

type readyFile struct {
	S3          string `json:"s3"`
	AccessKeyID string `json:"accessKeyId"`
	SecretKey   string `json:"secretKey"`
	AccessGrant string `json:"accessGrant"`
	AuthDrpc    string `json:"authDrpc"`
	Linksharing string `json:"linksharing"`
}

// ready needs a whole server, and not only a satellite.
func ready(t *testing.T) readyFile {
	t.Helper()
	path := os.Getenv("POSTERN_READY")
	if path == "" {
		t.Skip("POSTERN_READY is not set")
	}
	data, err := os.ReadFile(path)
	check(t, err)
	var file readyFile
	check(t, json.Unmarshal(data, &file))
	return file
}

func s3Client(t *testing.T, endpoint, id, secret string) *minio.Client {
	t.Helper()
	at, err := url.Parse(endpoint)
	check(t, err)
	client, err := minio.New(at.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(id, secret, ""),
		Region:       "us-east-1",
		BucketLookup: minio.BucketLookupPath,
	})
	check(t, err)
	return client
}

func TestUplinkReadsWhatS3Wrote(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "froms3")
	client := s3Client(t, file.S3, file.AccessKeyID, file.SecretKey)

	for _, size := range []int{0, 1, 4 * kib, 4*kib + 1, mib} {
		data := randomBytes(t, size)
		sum := md5.Sum(data)
		_, err := client.PutObject(ctx, bucket, "dir/ключ", bytes.NewReader(data), int64(size), minio.PutObjectOptions{
			ContentType:      "image/png",
			UserMetadata:     map[string]string{"color": "blue"},
			DisableMultipart: true,
		})
		check(t, err)
		mustEqual(t, "content", download(ctx, t, project, bucket, "dir/ключ", nil), data)
		stat, err := object.StatObject(ctx, project, bucket, "dir/ключ", nil)
		check(t, err)
		if string(stat.ETag) != hex.EncodeToString(sum[:]) {
			t.Fatalf("etag %q of %d bytes", stat.ETag, size)
		}
		if stat.Custom["content-type"] != "image/png" || stat.Custom["X-Amz-Meta-Color"] != "blue" {
			t.Fatalf("metadata %v", stat.Custom)
		}
	}

	// Parts of 5 MiB, as S3 clients cut large files.
	data := randomBytes(t, 12*mib)
	info, err := client.PutObject(ctx, bucket, "multipart", bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{PartSize: 5 * mib})
	check(t, err)
	mustEqual(t, "multipart content", download(ctx, t, project, bucket, "multipart", nil), data)
	mustEqual(t, "range", download(ctx, t, project, bucket, "multipart", &uplink.DownloadOptions{Offset: 5*mib - 10, Length: 20}), data[5*mib-10:5*mib+10])
	stat, err := object.StatObject(ctx, project, bucket, "multipart", nil)
	check(t, err)
	if string(stat.ETag) != info.ETag {
		t.Fatalf("etag %q, S3 says %q", stat.ETag, info.ETag)
	}
}

func TestS3ReadsWhatUplinkWrote(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "tos3")
	client := s3Client(t, file.S3, file.AccessKeyID, file.SecretKey)

	for _, size := range []int{0, 1, 4*kib + 1, 3 * mib} {
		data := randomBytes(t, size)
		upload(ctx, t, project, bucket, "a//b/", data, uplink.CustomMetadata{
			"content-type":     "text/plain",
			"X-Amz-Meta-Color": "red",
		})
		got, err := client.GetObject(ctx, bucket, "a//b/", minio.GetObjectOptions{})
		check(t, err)
		read, err := io.ReadAll(got)
		check(t, err)
		mustEqual(t, "content", read, data)
		stat, err := client.StatObject(ctx, bucket, "a//b/", minio.StatObjectOptions{})
		check(t, err)
		if stat.Size != int64(size) || stat.ContentType != "text/plain" || stat.UserMetadata["Color"] != "red" {
			t.Fatalf("stat %+v", stat)
		}
	}
	keys := []string{}
	for item := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true}) {
		check(t, item.Err)
		keys = append(keys, item.Key)
	}
	if len(keys) != 1 || keys[0] != "a//b/" {
		t.Fatalf("listed %q", keys)
	}
}

func TestUplinkRegistersAccess(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "registered")
	upload(ctx, t, project, bucket, "public/file", []byte("hello"), nil)
	upload(ctx, t, project, bucket, "private/file", []byte("secret"), nil)

	access, err := uplink.ParseAccess(file.AccessGrant)
	check(t, err)
	shared, err := access.Share(uplink.ReadOnlyPermission(), uplink.SharePrefix{Bucket: bucket, Prefix: "public/"})
	check(t, err)
	config := edge.Config{AuthServiceAddress: file.AuthDrpc, InsecureUnencryptedConnection: true}
	issued, err := config.RegisterAccess(ctx, shared, nil)
	check(t, err)
	if issued.Endpoint != file.S3 {
		t.Fatalf("endpoint %q", issued.Endpoint)
	}

	client := s3Client(t, issued.Endpoint, issued.AccessKeyID, issued.SecretKey)
	got, err := client.GetObject(ctx, bucket, "public/file", minio.GetObjectOptions{})
	check(t, err)
	read, err := io.ReadAll(got)
	check(t, err)
	mustEqual(t, "content", read, []byte("hello"))
	for _, key := range []string{"public/new", "private/file"} {
		_, err = client.PutObject(ctx, bucket, key, bytes.NewReader([]byte("x")), 1, minio.PutObjectOptions{})
		if minio.ToErrorResponse(err).Code != "AccessDenied" {
			t.Fatalf("put of %s: %v", key, err)
		}
	}
	_, err = client.StatObject(ctx, bucket, "private/file", minio.StatObjectOptions{})
	if code := minio.ToErrorResponse(err).Code; code != "AccessDenied" {
		t.Fatalf("stat outside the shared prefix: %v", err)
	}
}
