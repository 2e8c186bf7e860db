package interop

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// Shares that end: those that end within a minute are refused.
func TestRegisterAccessOfShares(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "shares")
	upload(ctx, t, project, bucket, "dir/file", []byte("shared"), nil)
	access, err := uplink.ParseAccess(file.AccessGrant)
	check(t, err)
	config := edge.Config{AuthServiceAddress: file.AuthDrpc, InsecureUnencryptedConnection: true}
	for _, one := range []struct {
		name     string
		until    time.Duration
		accepted bool
	}{{"without an end", 0, true}, {"ends in two hours", 2 * time.Hour, true}, {"ends in 30 s", 30 * time.Second, false}, {"ended", -time.Hour, false}} {
		permission := uplink.ReadOnlyPermission()
		if one.until != 0 {
			permission.NotAfter = time.Now().Add(one.until)
		}
		shared, err := access.Share(permission, uplink.SharePrefix{Bucket: bucket, Prefix: "dir/"})
		check(t, err)
		credentials, err := config.RegisterAccess(ctx, shared, &edge.RegisterAccessOptions{Public: true})
		if !one.accepted {
			mustBe(t, one.name, err, edge.ErrRegisterAccessFailed)
			continue
		}
		check(t, err)
		client := s3Client(t, credentials.Endpoint, credentials.AccessKeyID, credentials.SecretKey)
		got, err := client.GetObject(ctx, bucket, "dir/file", minio.GetObjectOptions{})
		check(t, err)
		data, err := io.ReadAll(got)
		check(t, err)
		mustEqual(t, one.name, data, []byte("shared"))
	}
}

// The CLI dials over TLS unless it is told otherwise, without the prologue that the network's own connections have.
func TestRegisterAccessOverTLS(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	access, err := uplink.ParseAccess(file.AccessGrant)
	check(t, err)
	certificate, certFile, keyFile := webCertificate(t)
	drpc, https := startAuth(ctx, t, access.SatelliteAddress(), "--tls-cert", certFile, "--tls-key", keyFile)

	trusting := edge.Config{AuthServiceAddress: drpc, CertificatePEM: certificate}
	credentials, err := trusting.RegisterAccess(ctx, access, &edge.RegisterAccessOptions{Public: true})
	check(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, https+"/v1/access/"+credentials.AccessKeyID, nil)
	check(t, err)
	request.Header.Set("Authorization", "Bearer interop-token")
	response, err := client.Do(request)
	check(t, err)
	defer func() { _ = response.Body.Close() }()
	var found struct {
		AccessGrant string `json:"access_grant"`
		SecretKey   string `json:"secret_key"`
		Public      bool   `json:"public"`
	}
	check(t, json.NewDecoder(response.Body).Decode(&found))
	text, err := access.Serialize()
	check(t, err)
	if found.AccessGrant != text || found.SecretKey != credentials.SecretKey || !found.Public {
		t.Fatal("another record than was registered")
	}

	for _, config := range []edge.Config{
		{AuthServiceAddress: drpc},
		{AuthServiceAddress: drpc, InsecureUnencryptedConnection: true},
	} {
		short, cancel := context.WithTimeout(ctx, 10*time.Second)
		_, err = config.RegisterAccess(short, access, nil)
		cancel()
		if err == nil {
			t.Fatalf("registered with %+v", config)
		}
	}
}

// startAuth runs the auth service alone, for grants of one satellite.
func startAuth(ctx context.Context, t *testing.T, satellite string, flags ...string) (drpc, http string) {
	t.Helper()
	program := filepath.Join("..", "..", "dist", "bin", "postern.js")
	args := []string{program, "auth", "--ephemeral", "--data-dir", t.TempDir(), "--satellite", satellite,
		"--endpoint", "https://s3.example", "--auth-token", "interop-token"}
	command := exec.CommandContext(ctx, "node", append(args, flags...)...)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	check(t, err)
	check(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Signal(os.Interrupt); _ = command.Wait() })
	lines := bufio.NewScanner(output)
	for drpc == "" && lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 2 && fields[0] == "http" {
			http = fields[1]
		}
		if len(fields) == 2 && fields[0] == "drpc" {
			drpc = fields[1]
		}
	}
	if drpc == "" || http == "" {
		t.Fatal("the auth service did not start")
	}
	return drpc, http
}

// webCertificate is one of its own authority for this machine, and the files of it and of its key.
func webCertificate(t *testing.T) (certificate []byte, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	check(t, err)
	keyDer, err := x509.MarshalPKCS8PrivateKey(key)
	check(t, err)
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	check(t, os.WriteFile(certFile, certificate, 0o600))
	check(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDer}), 0o600))
	return certificate, certFile, keyFile
}

// Links that libuplink makes with a registered share show the page of what is shared, its bytes, and nothing else.
func TestShareLinksOpen(t *testing.T) {
	ctx := testContext(t)
	file := ready(t)
	project := openProject(ctx, t)
	bucket := newBucket(ctx, t, project, "links")
	keys := []string{"dir/file.txt", "dir/a b+c%2F\u00fc&d=1?.txt", "dir//x", "dir/..", "dir/\"<q>\""}
	for _, key := range append(keys, "other/file.txt") {
		upload(ctx, t, project, bucket, key, []byte("content of "+key), nil)
	}
	access, err := uplink.ParseAccess(file.AccessGrant)
	check(t, err)
	shared, err := access.Share(uplink.ReadOnlyPermission(), uplink.SharePrefix{Bucket: bucket, Prefix: "dir/"})
	check(t, err)
	config := edge.Config{AuthServiceAddress: file.AuthDrpc, InsecureUnencryptedConnection: true}
	register := func(public bool) string {
		credentials, err := config.RegisterAccess(ctx, shared, &edge.RegisterAccessOptions{Public: public})
		check(t, err)
		return credentials.AccessKeyID
	}
	open := func(id, key string, raw bool) (status int, contentType, body string) {
		link, err := edge.JoinShareURL(file.Linksharing, id, bucket, key, &edge.ShareURLOptions{Raw: raw})
		check(t, err)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		check(t, err)
		response, err := http.DefaultClient.Do(request)
		check(t, err)
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		check(t, err)
		return response.StatusCode, response.Header.Get("Content-Type"), string(data)
	}
	public, private := register(true), register(false)
	for _, key := range keys {
		if status, _, body := open(public, key, true); status != 200 || body != "content of "+key {
			t.Errorf("raw link of %q: %d, %q", key, status, body)
		}
		if status, kind, _ := open(public, key, false); status != 200 || !strings.HasPrefix(kind, "text/html") {
			t.Errorf("link of %q: %d, %q", key, status, kind)
		}
	}
	if status, _, body := open(public, "dir/", false); status != 200 || !strings.Contains(body, "file.txt") {
		t.Errorf("link of the folder: %d", status)
	}
	for _, one := range []struct {
		id, key string
		status  int
	}{{public, "dir/none", 404}, {public, "other/file.txt", 403}, {private, keys[0], 403}, {strings.Repeat("j", 28), keys[0], 400}} {
		if status, _, _ := open(one.id, one.key, true); status != one.status {
			t.Errorf("%s with %s: %d, not %d", one.key, one.id, status, one.status)
		}
	}
}
