package interop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"storj.io/uplink"
)

// content is part of a file, which both parties can read.
type content struct {
	file       string
	from, size int64
}

func (c content) sum(t *testing.T, offset, length int64) string {
	t.Helper()
	file, err := os.Open(c.file)
	check(t, err)
	defer func() { check(t, file.Close()) }()
	hash := sha256.New()
	_, err = io.Copy(hash, io.NewSectionReader(file, c.from+offset, length))
	check(t, err)
	return hex.EncodeToString(hash.Sum(nil))
}

// seen is what a party tells of an object that it reads.
type seen struct {
	size, length int64
	sum          string
	custom       map[string]string
}

// party is one of the implementations.
type party interface {
	put(t *testing.T, bucket, key string, data content, custom map[string]string)
	// putParts uploads the last part first, and the first one twice.
	putParts(t *testing.T, bucket, key string, parts []content, custom map[string]string)
	// get reads to the end when length is negative.
	get(t *testing.T, bucket, key string, offset, length int64) seen
	list(t *testing.T, bucket string) []string
}

type uplinkParty struct {
	ctx     context.Context
	project *uplink.Project
}

func copyTo(t *testing.T, to io.Writer, data content) {
	t.Helper()
	file, err := os.Open(data.file)
	check(t, err)
	defer func() { check(t, file.Close()) }()
	_, err = io.Copy(to, io.NewSectionReader(file, data.from, data.size))
	check(t, err)
}

func (p uplinkParty) put(t *testing.T, bucket, key string, data content, custom map[string]string) {
	t.Helper()
	up, err := p.project.UploadObject(p.ctx, bucket, key, nil)
	check(t, err)
	copyTo(t, up, data)
	check(t, up.SetCustomMetadata(p.ctx, custom))
	check(t, up.Commit())
}

func (p uplinkParty) putParts(t *testing.T, bucket, key string, parts []content, custom map[string]string) {
	t.Helper()
	info, err := p.project.BeginUpload(p.ctx, bucket, key, nil)
	check(t, err)
	for _, number := range partOrder(parts) {
		part, err := p.project.UploadPart(p.ctx, bucket, key, info.UploadID, uint32(number))
		check(t, err)
		copyTo(t, part, parts[number-1])
		check(t, part.Commit())
	}
	_, err = p.project.CommitUpload(p.ctx, bucket, key, info.UploadID, &uplink.CommitUploadOptions{CustomMetadata: custom})
	check(t, err)
}

func (p uplinkParty) get(t *testing.T, bucket, key string, offset, length int64) seen {
	t.Helper()
	down, err := p.project.DownloadObject(p.ctx, bucket, key, &uplink.DownloadOptions{Offset: offset, Length: length})
	check(t, err)
	defer func() { check(t, down.Close()) }()
	hash := sha256.New()
	read, err := io.Copy(hash, down)
	check(t, err)
	info := down.Info()
	return seen{info.System.ContentLength, read, hex.EncodeToString(hash.Sum(nil)), info.Custom}
}

func (p uplinkParty) list(t *testing.T, bucket string) (keys []string) {
	t.Helper()
	objects := p.project.ListObjects(p.ctx, bucket, &uplink.ListObjectsOptions{Recursive: true})
	for objects.Next() {
		keys = append(keys, objects.Item().Key)
	}
	check(t, objects.Err())
	return keys
}

func partOrder(parts []content) []int {
	order := []int{1}
	for number := len(parts); number >= 1; number-- {
		order = append(order, number)
	}
	return order
}

func (c *core) put(t *testing.T, bucket, key string, data content, custom map[string]string) {
	t.Helper()
	c.do(t, "put", with(data.args(), args{"bucket": bucket, "key": keyHex(key), "custom": custom}), nil)
}

func (data content) args() args {
	return args{"file": data.file, "from": data.from, "size": data.size}
}

func (c *core) putParts(t *testing.T, bucket, key string, parts []content, custom map[string]string) {
	t.Helper()
	object := args{"bucket": bucket, "key": keyHex(key)}
	var uploadID string
	c.do(t, "begin", object, &uploadID)
	object["uploadId"] = uploadID
	for _, number := range partOrder(parts) {
		c.do(t, "part", with(object, parts[number-1].args(), args{"partNumber": number}), nil)
	}
	c.do(t, "commit", with(object, args{"custom": custom}), nil)
}

func (c *core) get(t *testing.T, bucket, key string, offset, length int64) seen {
	t.Helper()
	request := args{"bucket": bucket, "key": keyHex(key), "start": offset}
	if length >= 0 {
		request["end"] = offset + length
	}
	if offset == 0 && length < 0 {
		delete(request, "start") // an empty object has no ranges
	}
	var read coreObject
	c.do(t, "get", request, &read)
	return seen{read.Size, read.Length, read.SHA256, read.Custom}
}

func (c *core) list(t *testing.T, bucket string) (keys []string) {
	t.Helper()
	var page struct{ Entries []coreObject }
	c.do(t, "list", args{"bucket": bucket}, &page)
	for _, entry := range page.Entries {
		keys = append(keys, keyOfHex(t, entry.Key))
	}
	return keys
}

// The sizes around the borders of segments, and of what is kept at the satellite.
var matrixSizes = []int64{0, 1, 4 * kib, 64*mib - 1, 64 * mib, 64*mib + 1, 200 * mib}

// Keys are bytes: not normalised, not cleaned, not even UTF-8.
var matrixKeys = map[string]string{
	"plain":            "a plain key.txt",
	"unicode":          "ünï/ço∂é/日本語/🗝",
	"not normalised":   "e\u0301/é",
	"empty components": "a//b///c",
	"leading slash":    "/leading",
	"leading slashes":  "//leading",
	"trailing slash":   "trailing/",
	"trailing slashes": "trailing//",
	"only a slash":     "/",
	"only slashes":     "///",
	"dots":             "./../a/.",
	"bytes 0xff":       "\xff\xff/\xff\xfe/\xff",
	"control bytes":    "\x01\x02\n/\x7f",
	"zero bytes":       "zero\x00byte/\x00",
	"long":             string(slices.Repeat([]byte("component/"), 60)),
}

var matrixCustom = map[string]string{
	"app:key": "value", "empty": "", "größe ∂": "übergroß 🗝", "lines": "one\ntwo\r\n\t", "long": string(slices.Repeat([]byte("x"), 1000)),
}

// What one implementation writes the other reads, byte for byte, with keys and metadata. To save time only the other
// reads the larger contents, but for one of two segments.
func TestMatrix(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	project := openProject(ctx, t)
	parties := map[string]party{"uplink": uplinkParty{ctx, project}, "core": startCore(t)}
	file := randomFile(t, 200*mib)

	for _, writerName := range []string{"core", "uplink"} {
		t.Run(writerName+" writes", func(t *testing.T) {
			writer := parties[writerName]
			bucket := newBucket(ctx, t, project, "matrix")
			readers := func(t *testing.T, onlyOther bool, read func(t *testing.T, reader party)) {
				for _, name := range []string{"core", "uplink"} {
					if onlyOther && name == writerName {
						continue
					}
					t.Run(name+" reads", func(t *testing.T) { read(t, parties[name]) })
				}
			}
			for _, size := range matrixSizes {
				t.Run(fmt.Sprint(size), func(t *testing.T) {
					data := content{file, 0, size}
					writer.put(t, bucket, "object", data, nil)
					onlyOther := size > 4*kib && size != 64*mib+1
					readers(t, onlyOther, func(t *testing.T, reader party) { mustRead(t, reader, bucket, "object", data, nil) })
				})
			}
			t.Run("multipart", func(t *testing.T) {
				parts := []content{{file, 0, 64*mib + 1}, {file, 64*mib + 1, 5 * mib}, {file, 69*mib + 1, 6*mib + 7}, {file, 75*mib + 8, 1}}
				writer.putParts(t, bucket, "object", parts, matrixCustom)
				readers(t, false, func(t *testing.T, reader party) {
					mustRead(t, reader, bucket, "object", content{file, 0, 75*mib + 9}, matrixCustom)
				})
			})
			_, err := project.DeleteObject(ctx, bucket, "object")
			check(t, err)
			t.Run("metadata", func(t *testing.T) {
				data := content{file, 11, 100}
				writer.put(t, bucket, "metadata", data, matrixCustom)
				readers(t, false, func(t *testing.T, reader party) { mustRead(t, reader, bucket, "metadata", data, matrixCustom) })
			})
			_, err = project.DeleteObject(ctx, bucket, "metadata")
			check(t, err)
			t.Run("keys", func(t *testing.T) {
				names := slices.Sorted(maps.Keys(matrixKeys))
				custom := func(name string) map[string]string { return map[string]string{"name": name} }
				data := func(i int) content { return content{file, int64(i), int64(10 + 1000*i)} } // inline and remote ones
				for i, name := range names {
					writer.put(t, bucket, matrixKeys[name], data(i), custom(name))
				}
				readers(t, false, func(t *testing.T, reader party) {
					for i, name := range names {
						t.Run(name, func(t *testing.T) { mustRead(t, reader, bucket, matrixKeys[name], data(i), custom(name)) })
					}
					t.Run("listed", func(t *testing.T) {
						listed, want := slices.Sorted(slices.Values(reader.list(t, bucket))), slices.Sorted(maps.Values(matrixKeys))
						if !slices.Equal(listed, want) {
							t.Fatalf("listed %q, not %q", listed, want)
						}
					})
				})
			})
		})
	}
}

func mustRead(t *testing.T, reader party, bucket, key string, data content, custom map[string]string) {
	t.Helper()
	got := reader.get(t, bucket, key, 0, -1)
	if want := data.sum(t, 0, data.size); got.size != data.size || got.length != data.size || got.sum != want {
		t.Fatalf("read %+v, not %d bytes of %s", got, data.size, want)
	}
	if !maps.Equal(got.custom, custom) {
		t.Fatalf("metadata %q, not %q", got.custom, custom)
	}
	// Within the first segment, over its end, and at the end of the object.
	for _, r := range [][2]int64{{data.size / 3, 1000}, {64*mib - 5, 10}, {data.size - 10, 10}} {
		if r[0] <= 0 || r[0]+r[1] > data.size {
			continue
		}
		got := reader.get(t, bucket, key, r[0], r[1])
		if want := data.sum(t, r[0], r[1]); got.size != data.size || got.length != r[1] || got.sum != want {
			t.Fatalf("bytes %d+%d: read %+v, not %s", r[0], r[1], got, want)
		}
	}
}

// randomFile is the same each time.
func randomFile(t *testing.T, size int64) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "content"))
	check(t, err)
	_, err = io.CopyN(file, rand.NewChaCha8([32]byte{1, 2, 3}), size)
	check(t, err)
	check(t, file.Close())
	return file.Name()
}
