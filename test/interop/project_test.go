// Package interop runs the real uplink library against a Postern network, and against objects that Postern's own core
// wrote. The access grant comes from POSTERN_INTEROP_ACCESS, which may be one of any network, or from the ready file of
// a running server that POSTERN_READY names.
package interop

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"storj.io/uplink"
)

// accessGrant skips the test when no network is named.
func accessGrant(t *testing.T) string {
	t.Helper()
	if grant := os.Getenv("POSTERN_INTEROP_ACCESS"); grant != "" {
		return grant
	}
	path := os.Getenv("POSTERN_READY")
	if path == "" {
		t.Skip("neither POSTERN_INTEROP_ACCESS nor POSTERN_READY is set")
	}
	content, err := os.ReadFile(path)
	check(t, err)
	var ready struct {
		AccessGrant string `json:"accessGrant"`
	}
	check(t, json.Unmarshal(content, &ready))
	if ready.AccessGrant == "" {
		t.Fatal("the ready file names no access grant")
	}
	return ready.AccessGrant
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func openProject(ctx context.Context, t *testing.T) *uplink.Project {
	t.Helper()
	access, err := uplink.ParseAccess(accessGrant(t))
	check(t, err)
	project, err := uplink.OpenProject(ctx, access)
	check(t, err)
	t.Cleanup(func() { check(t, project.Close()) })
	return project
}

// newBucket makes a bucket that goes away with all that is in it.
func newBucket(ctx context.Context, t *testing.T, project *uplink.Project, prefix string) string {
	t.Helper()
	name := prefix + "-" + randomText(t, 12)
	_, err := project.CreateBucket(ctx, name)
	check(t, err)
	t.Cleanup(func() {
		_, err := project.DeleteBucketWithObjects(ctx, name)
		check(t, err)
	})
	return name
}
