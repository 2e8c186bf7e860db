package interop

import (
	"slices"
	"strings"
	"testing"

	"storj.io/common/rpc/rpcstatus"
	"storj.io/uplink"
	"storj.io/uplink/private/bucket"
	"storj.io/uplink/private/license"
	"storj.io/uplink/private/metaclient"
)

func TestBucketTagging(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := newBucket(ctx, t, project, "tags")
	_, err := bucket.GetBucketTagging(ctx, project, name)
	wantError(t, "no tags", err, bucket.ErrTagsNotFound)
	for _, tags := range [][]bucket.Tag{
		{{Key: "größe", Value: "5 + 1: a/b@c=_."}, {Key: "empty", Value: ""}},
		{{Key: "one", Value: "1"}},
	} {
		check(t, bucket.SetBucketTagging(ctx, project, name, tags))
		got, err := bucket.GetBucketTagging(ctx, project, name)
		check(t, err)
		if !slices.Equal(got, tags) {
			t.Fatalf("got %+v, want %+v", got, tags)
		}
	}
	for _, bad := range []struct {
		tags []bucket.Tag
		want error
	}{
		{make([]bucket.Tag, 51), bucket.ErrTooManyTags},
		{[]bucket.Tag{{Key: ""}}, bucket.ErrTagKeyInvalid},
		{[]bucket.Tag{{Key: strings.Repeat("ö", 129)}}, bucket.ErrTagKeyInvalid},
		{[]bucket.Tag{{Key: "a*"}}, bucket.ErrTagKeyInvalid},
		{[]bucket.Tag{{Key: "a"}, {Key: "a"}}, bucket.ErrTagKeyDuplicate},
		{[]bucket.Tag{{Key: "a", Value: strings.Repeat("b", 257)}}, bucket.ErrTagValueInvalid},
		{[]bucket.Tag{{Key: "a", Value: "\xff"}}, bucket.ErrTagValueInvalid},
	} {
		wantError(t, "bad tags", bucket.SetBucketTagging(ctx, project, name, bad.tags), bad.want)
	}
	check(t, bucket.SetBucketTagging(ctx, project, name, nil))
	_, err = bucket.GetBucketTagging(ctx, project, name)
	wantError(t, "removed tags", err, bucket.ErrTagsNotFound)
	_, err = bucket.GetBucketTagging(ctx, project, "no-such-"+name)
	wantError(t, "tags of no bucket", err, uplink.ErrBucketNotFound)
}

func TestBucketLocation(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := newBucket(ctx, t, project, "location")
	_, err := bucket.GetBucketLocation(ctx, project, name)
	check(t, err)
	_, err = bucket.GetBucketLocation(ctx, project, "no-such-"+name)
	wantError(t, "location of no bucket", err, uplink.ErrBucketNotFound)
}

func TestBucketNotifications(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	name := newBucket(ctx, t, project, "events")
	configuration, err := bucket.GetBucketNotificationConfiguration(ctx, project, name)
	if rpcstatus.Code(err) == rpcstatus.PermissionDenied || strings.Contains(errorText(err), "permission") {
		t.Skip("keys of this network have nothing to do with notifications")
	}
	check(t, err)
	if configuration != nil {
		t.Fatalf("a new bucket notifies: %+v", configuration)
	}
	err = bucket.SetBucketNotificationConfiguration(ctx, project, name, &metaclient.BucketNotificationConfiguration{
		TopicName: "projects/p/topics/t", Events: []string{"s3:ObjectCreated:*"},
	})
	if !strings.Contains(errorText(err), "path encryption must be disabled") {
		t.Fatalf("notifications of an encrypted project: %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestAccountLicenses(t *testing.T) {
	ctx := testContext(t)
	project := openProject(ctx, t)
	licenses, err := license.List(ctx, project, "object-mount", "")
	check(t, err)
	if len(licenses) != 0 {
		t.Fatalf("a project without licences has %d", len(licenses))
	}
}
