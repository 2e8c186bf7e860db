package interop

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zeebo/errs"

	"storj.io/common/bloomfilter"
	"storj.io/common/identity"
	"storj.io/common/pb"
	"storj.io/common/peertls"
	"storj.io/common/peertls/tlsopts"
	"storj.io/common/rpc"
	"storj.io/common/rpc/rpcstatus"
	"storj.io/common/signing"
	"storj.io/common/storj"
	"storj.io/uplink/private/piecestore"
)

type piece struct {
	Size, Algorithm         int
	Put, Get, Again, Repair string
}

// nodeLab is what node.ts prints.
type nodeLab struct {
	URL, Identity, Key string
	Pieces             []piece
	Signed, Refused    map[string]string
	// stats ends the node and tells what it did; trashed asks a running one for its trashed and restored pieces.
	stats   func() map[string]map[string]int
	trashed func() (trashed, restored int)
}

func startNode(ctx context.Context, t *testing.T) *nodeLab {
	t.Helper()
	script := filepath.Join("..", "..", "dist", "test", "interop", "node.js")
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
	lines := bufio.NewReaderSize(output, 1<<20)
	line, err := lines.ReadBytes('\n')
	check(t, err)
	lab := &nodeLab{}
	check(t, json.Unmarshal(line, lab))
	lab.stats = func() map[string]map[string]int {
		check(t, input.Close())
		line, err := lines.ReadBytes('\n')
		check(t, err)
		var all map[string]json.RawMessage
		check(t, json.Unmarshal(line, &all))
		stats := map[string]map[string]int{}
		for _, name := range []string{"uploads", "downloads"} {
			one := map[string]int{}
			check(t, json.Unmarshal(all[name], &one))
			stats[name] = one
		}
		return stats
	}
	lab.trashed = func() (trashed, restored int) {
		_, err := input.Write([]byte("\n"))
		check(t, err)
		line, err := lines.ReadBytes('\n')
		check(t, err)
		var counts struct{ Trashed, Restored int }
		check(t, json.Unmarshal(line, &counts))
		return counts.Trashed, counts.Restored
	}
	return lab
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	check(t, err)
	return data
}

func orderLimit(t *testing.T, text string) *pb.OrderLimit {
	t.Helper()
	limit := &pb.OrderLimit{}
	check(t, pb.Unmarshal(unhex(t, text), limit))
	return limit
}

func (lab *nodeLab) client(ctx context.Context, t *testing.T) *piecestore.Client {
	t.Helper()
	own, err := identity.NewFullIdentity(ctx, identity.NewCAOptions{Difficulty: 0, Concurrency: 1})
	check(t, err)
	client, err := piecestore.Dial(ctx, dialerOf(t, own), lab.url(t), piecestore.DefaultConfig)
	check(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (lab *nodeLab) url(t *testing.T) storj.NodeURL {
	t.Helper()
	url, err := storj.ParseNodeURL(lab.URL)
	check(t, err)
	return url
}

func dialerOf(t *testing.T, own *identity.FullIdentity) rpc.Dialer {
	t.Helper()
	options, err := tlsopts.NewOptions(own, tlsopts.Config{PeerIDVersions: "0"}, nil)
	check(t, err)
	return rpc.NewDefaultDialer(options)
}

func (lab *nodeLab) satelliteIdentity(t *testing.T) *identity.FullIdentity {
	t.Helper()
	own, err := identity.Config{
		CertPath: filepath.Join(lab.Identity, "identity.cert"),
		KeyPath:  filepath.Join(lab.Identity, "identity.key"),
	}.Load()
	check(t, err)
	return own
}

// satellite connects to the node as the satellite that it trusts.
func (lab *nodeLab) satellite(ctx context.Context, t *testing.T) *rpc.Conn {
	t.Helper()
	conn, err := dialerOf(t, lab.satelliteIdentity(t)).DialNodeURL(ctx, lab.url(t))
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (lab *nodeLab) key(t *testing.T) storj.PiecePrivateKey {
	t.Helper()
	key, err := storj.PiecePrivateKeyFromBytes(unhex(t, lab.Key))
	check(t, err)
	return key
}

// Identities that Postern makes are loaded by Go, and its signatures verify there.
func TestIdentityAndSignatures(t *testing.T) {
	ctx := testContext(t)
	lab := startNode(ctx, t)
	own := lab.satelliteIdentity(t)
	check(t, peertls.VerifyPeerFunc(peertls.VerifyPeerCertChains)(own.RawChain(), nil))
	difficulty, err := own.ID.Difficulty()
	check(t, err)
	if difficulty < 10 {
		t.Fatalf("difficulty %d", difficulty)
	}
	authority, err := identity.FullCAConfig{
		CertPath: filepath.Join(lab.Identity, "ca.cert"),
		KeyPath:  filepath.Join(lab.Identity, "ca.key"),
	}.Load()
	check(t, err)
	if authority.ID != own.ID {
		t.Fatalf("the CA is %s, the identity %s", authority.ID, own.ID)
	}

	certificates, err := x509.ParseCertificates(unhex(t, lab.Signed["chain"]))
	check(t, err)
	peer, err := identity.PeerIdentityFromChain(certificates)
	check(t, err)
	satellite := signing.SigneeFromPeerIdentity(peer)
	limit := orderLimit(t, lab.Signed["limit"])
	check(t, signing.VerifyOrderLimitSignature(ctx, satellite, limit))
	order, hash := &pb.Order{}, &pb.PieceHash{}
	check(t, pb.Unmarshal(unhex(t, lab.Signed["order"]), order))
	check(t, signing.VerifyUplinkOrderSignature(ctx, limit.UplinkPublicKey, order))
	check(t, pb.Unmarshal(unhex(t, lab.Signed["uplinkHash"]), hash))
	check(t, signing.VerifyUplinkPieceHashSignature(ctx, limit.UplinkPublicKey, hash))
	check(t, pb.Unmarshal(unhex(t, lab.Signed["nodeHash"]), hash))
	check(t, signing.VerifyPieceHashSignature(ctx, satellite, hash))
}

// The real client uploads to, and downloads from, a node of ours.
func TestPiecestore(t *testing.T) {
	ctx := testContext(t)
	lab := startNode(ctx, t)
	client, key := lab.client(ctx, t), lab.key(t)
	for _, piece := range lab.Pieces {
		t.Run(fmt.Sprintf("%d-%d", piece.Size, piece.Algorithm), func(t *testing.T) {
			data := randomBytes(t, piece.Size)
			client.UploadHashAlgo = pb.PieceHashAlgorithm(piece.Algorithm)
			put := orderLimit(t, piece.Put)
			hash, err := client.UploadReader(ctx, put, key, bytes.NewReader(data))
			check(t, err)
			if hash.PieceId != put.PieceId || hash.PieceSize != int64(piece.Size) {
				t.Fatalf("signed hash: %+v", hash)
			}

			get := orderLimit(t, piece.Get)
			whole, err := client.Download(ctx, get, key, 0, int64(piece.Size))
			check(t, err)
			got, err := io.ReadAll(whole)
			check(t, err)
			check(t, whole.Close())
			mustEqual(t, "piece", got, data)

			repair, err := client.Download(ctx, orderLimit(t, piece.Repair), key, int64(piece.Size/2), int64(piece.Size-piece.Size/2))
			check(t, err)
			got, err = io.ReadAll(repair)
			check(t, err)
			stored, limit := repair.GetHashAndLimit()
			check(t, repair.Close())
			mustEqual(t, "half of the piece", got, data[piece.Size/2:])
			check(t, signing.VerifyUplinkPieceHashSignature(ctx, limit.UplinkPublicKey, stored))
			if limit.SerialNumber != put.SerialNumber {
				t.Fatal("the stored limit is another one")
			}

			_, err = client.UploadReader(ctx, put, key, bytes.NewReader(data))
			if err == nil || !strings.Contains(err.Error(), "used serial already exists in store") {
				t.Fatalf("second use of a limit: %v", err)
			}
			// Part of a piece, and then enough: the connection stays good.
			some, err := client.Download(ctx, orderLimit(t, piece.Again), key, 0, int64(piece.Size))
			check(t, err)
			_, err = io.ReadFull(some, make([]byte, (piece.Size+9)/10))
			check(t, err)
			check(t, some.Close())
		})
	}
	stats := lab.stats()
	if stats["uploads"]["succeeded"] != len(lab.Pieces) || stats["uploads"]["failed"] != len(lab.Pieces) || stats["downloads"]["failed"] != 0 {
		t.Fatalf("stats: %v", stats)
	}
}

type endless struct{}

func (endless) Read(data []byte) (int, error) { return len(data), nil }

// An upload that its client calls off leaves nothing, and the node takes the next.
func TestPiecestoreCanceledUpload(t *testing.T) {
	lab := startNode(testContext(t), t)
	client, key := lab.client(testContext(t), t), lab.key(t)
	largest := lab.Pieces[len(lab.Pieces)-1]
	ctx, cancel := context.WithCancel(testContext(t))
	source := io.MultiReader(io.LimitReader(endless{}, int64(largest.Size/2)), readerFunc(func([]byte) (int, error) {
		cancel()
		<-ctx.Done()
		return 0, ctx.Err()
	}))
	if _, err := client.UploadReader(ctx, orderLimit(t, largest.Put), key, source); err == nil {
		t.Fatal("a canceled upload succeeded")
	}
	_, err := client.UploadReader(testContext(t), orderLimit(t, lab.Pieces[1].Put), key, bytes.NewReader(make([]byte, lab.Pieces[1].Size)))
	check(t, err)
	stats := lab.stats()
	if stats["uploads"]["canceled"] != 1 || stats["uploads"]["succeeded"] != 1 || stats["uploads"]["failed"] != 0 {
		t.Fatalf("stats: %v", stats)
	}
}

type readerFunc func([]byte) (int, error)

func (read readerFunc) Read(data []byte) (int, error) { return read(data) }

// Limits that a node must not honour fail with the status and the text of the real node.
func TestPiecestoreRefusals(t *testing.T) {
	ctx := testContext(t)
	lab := startNode(ctx, t)
	client, key := lab.client(ctx, t), lab.key(t)
	for name, want := range map[string]struct {
		code rpcstatus.StatusCode
		text string
	}{
		"expired":        {rpcstatus.InvalidArgument, "order expired: "},
		"expiredPiece":   {rpcstatus.InvalidArgument, "piece expired: "},
		"old":            {rpcstatus.InvalidArgument, "order created too long ago: "},
		"early":          {rpcstatus.InvalidArgument, "order created too far in the future: "},
		"otherNode":      {rpcstatus.InvalidArgument, "order intended for other storagenode: "},
		"otherSatellite": {rpcstatus.PermissionDenied, "untrusted"},
		"forged":         {rpcstatus.Unauthenticated, "untrusted: invalid order limit signature"},
		"large":          {rpcstatus.Aborted, "not enough available disk space, have: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.UploadReader(ctx, orderLimit(t, lab.Refused[name]), key, bytes.NewReader(make([]byte, 1000)))
			mustFail(t, err, want.code, want.text)
		})
	}
	t.Run("missing", func(t *testing.T) {
		mustFail(t, lab.read(ctx, t, client, lab.Refused["missing"], 1000), rpcstatus.NotFound, "")
	})
	t.Run("over the limit", func(t *testing.T) {
		small := lab.Pieces[2]
		_, err := client.UploadReader(ctx, orderLimit(t, small.Put), key, bytes.NewReader(make([]byte, small.Size+1)))
		if err == nil {
			t.Fatal("more than the limit was taken")
		}
		err = lab.read(ctx, t, client, small.Get, int64(small.Size)+1)
		mustFail(t, err, rpcstatus.InvalidArgument, "requested more that order limit allows, limit=1000 requested=1001")
		_, err = client.UploadReader(ctx, orderLimit(t, small.Put), key, bytes.NewReader(make([]byte, small.Size)))
		mustFail(t, err, rpcstatus.Unauthenticated, "used serial already exists in store")
	})
	t.Run("calls of the past", func(t *testing.T) {
		old := pb.NewDRPCPiecestoreClient(lab.satellite(ctx, t))
		_, err := old.Exists(ctx, &pb.ExistsRequest{})
		mustFail(t, err, rpcstatus.Unimplemented, "exists is no longer supported")
		_, err = old.DeletePieces(ctx, &pb.DeletePiecesRequest{})
		mustFail(t, err, rpcstatus.Unimplemented, "delete pieces is no longer supported")
	})
}

func (lab *nodeLab) read(ctx context.Context, t *testing.T, client *piecestore.Client, limit string, size int64) error {
	t.Helper()
	download, err := client.Download(ctx, orderLimit(t, limit), lab.key(t), 0, size)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(download)
	return errs.Combine(err, download.Close())
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s in time", what)
		}
	}
}

func mustFail(t *testing.T, err error, code rpcstatus.StatusCode, text string) {
	t.Helper()
	if err == nil || !hasStatus(err, code) || !strings.Contains(err.Error(), text) {
		t.Fatalf("not status %d, %q: %v", code, text, err)
	}
}

// hasStatus looks into what the client combines with errors of its own.
func hasStatus(err error, code rpcstatus.StatusCode) bool {
	if rpcstatus.Code(err) == code {
		return true
	}
	switch err := err.(type) {
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(err.Unwrap(), func(one error) bool { return hasStatus(one, code) })
	case interface{ Unwrap() error }:
		return err.Unwrap() != nil && hasStatus(err.Unwrap(), code)
	}
	return false
}

// Garbage collection with filters that Go makes, small ones in one message and large ones in a stream.
func TestRetain(t *testing.T) {
	for name, size := range map[string]int{"Retain": 1000, "RetainBig": 9_000_000} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			lab := startNode(ctx, t)
			client, key := lab.client(ctx, t), lab.key(t)
			filter := bloomfilter.NewExplicit(100, 5, size)
			for i, piece := range lab.Pieces[:6] {
				limit := orderLimit(t, piece.Put)
				client.UploadHashAlgo = pb.PieceHashAlgorithm(piece.Algorithm)
				_, err := client.UploadReader(ctx, limit, key, bytes.NewReader(randomBytes(t, piece.Size)))
				check(t, err)
				if i < 2 {
					filter.Add(limit.PieceId)
				}
			}
			satellite, err := piecestore.Dial(ctx, dialerOf(t, lab.satelliteIdentity(t)), lab.url(t), piecestore.DefaultConfig)
			check(t, err)
			t.Cleanup(func() { _ = satellite.Close() })
			request := &pb.RetainRequest{CreationDate: time.Now().Add(time.Minute), Filter: filter.Bytes()}
			if err := client.Retain(ctx, request); name == "Retain" {
				mustFail(t, err, rpcstatus.PermissionDenied, "retain called with untrusted ID")
			}
			check(t, satellite.Retain(ctx, request))
			// The node works on filters and trash after the calls.
			eventually(t, "trashed", func() bool { trashed, _ := lab.trashed(); return trashed == 4 })
			check(t, lab.read(ctx, t, client, lab.Pieces[0].Get, int64(lab.Pieces[0].Size)))
			check(t, lab.read(ctx, t, client, lab.Pieces[4].Get, int64(lab.Pieces[4].Size)))
			_, err = pb.NewDRPCPiecestoreClient(lab.satellite(ctx, t)).RestoreTrash(ctx, &pb.RestoreTrashRequest{})
			check(t, err)
			// One of the four came back for its reader.
			eventually(t, "restored", func() bool { _, restored := lab.trashed(); return restored == 3 })
			check(t, lab.read(ctx, t, client, lab.Pieces[5].Get, int64(lab.Pieces[5].Size)))
		})
	}
}
