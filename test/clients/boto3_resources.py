"""boto3's resources, managed transfers, browser forms and versions at the endpoint in $ENDPOINT."""

import io
import os
import urllib.error
import urllib.request
import uuid

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

endpoint = os.environ["ENDPOINT"]
s3 = boto3.resource("s3", endpoint_url=endpoint)
bucket = s3.create_bucket(Bucket="boto3-resources")
bucket.wait_until_exists()

# Managed transfers: in parts, up, down and from object to object.
parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
data = os.urandom((11 << 20) + 7)
with open("up", "wb") as file:
    file.write(data)
seen = []
extra = {"Metadata": {"who": "boto3"}, "ContentType": "text/x-test", "CacheControl": "max-age=5"}
bucket.upload_file("up", "big/one", ExtraArgs=extra, Callback=seen.append, Config=parts)
assert sum(seen) == len(data)
one = bucket.Object("big/one")
assert (one.content_length, one.content_type, one.metadata) == (len(data), "text/x-test", {"who": "boto3"})
assert one.e_tag.endswith('-3"') and one.cache_control == "max-age=5"
bucket.download_file("big/one", "down", Config=parts)
with open("down", "rb") as file:
    assert file.read() == data
bucket.copy({"Bucket": bucket.name, "Key": "big/one"}, "big/two", Config=parts)
back = io.BytesIO()
bucket.download_fileobj("big/two", back, Config=parts)
# A copy in parts is a new object; boto3 takes the metadata along since 1.44.
assert back.getvalue() == data and bucket.Object("big/two").metadata in ({}, {"who": "boto3"})
bucket.Object("big/three").copy_from(CopySource={"Bucket": bucket.name, "Key": "big/one"}, MetadataDirective="REPLACE", Metadata={"new": "1"})
assert bucket.Object("big/three").metadata == {"new": "1"}

for number in range(25):
    bucket.put_object(Key=f"small/{number:02}", Body=b"%d" % number)
assert [entry.key for entry in bucket.objects.filter(Prefix="small/").page_size(10)] == [f"small/{n:02}" for n in range(25)]
assert bucket.Object("small/07").get()["Body"].read() == b"7"
assert [entry.key for entry in bucket.objects.limit(2)] == ["big/one", "big/three"]
answers = bucket.objects.filter(Prefix="small/").delete()
assert sum(len(answer["Deleted"]) for answer in answers) == 25

# An upload by hand, of parts that are copied.
upload = bucket.Object("by hand").initiate_multipart_upload()
first = upload.Part(1).copy_from(CopySource={"Bucket": bucket.name, "Key": "big/one"}, CopySourceRange=f"bytes=0-{(5 << 20) - 1}")
last = upload.Part(2).upload(Body=b"the end")
assert [part.part_number for part in upload.parts.all()] == [1, 2]
assert [each.object_key for each in bucket.multipart_uploads.all()] == ["by hand"]
done = [{"PartNumber": 1, "ETag": first["CopyPartResult"]["ETag"]}, {"PartNumber": 2, "ETag": last["ETag"]}]
upload.complete(MultipartUpload={"Parts": done})
assert bucket.Object("by hand").get()["Body"].read() == data[: 5 << 20] + b"the end"


def post(form, body):
    """What a browser sends of a form with a file."""
    boundary = uuid.uuid4().hex
    fields = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form["fields"].items())
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    whole = fields.encode() + file.encode() + body + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(form["url"], whole, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


# The default client makes forms and URLs of Signature Version 2, this one of 4.
four = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4"))
for client in (s3.meta.client, four):
    form = client.generate_presigned_post(bucket.name, "form/${filename}", Conditions=[["content-length-range", 1, 10]])
    assert post(form, b"posted") == 204
    assert bucket.Object("form/f").get()["Body"].read() == b"posted"
    assert post(form, b"much too long") == 400
    url = client.generate_presigned_url("put_object", Params={"Bucket": bucket.name, "Key": "put"})
    request = urllib.request.Request(url, b"by url", method="PUT")
    # urllib adds a Content-Type, which Version 2 signs, unless there is one.
    request.add_unredirected_header("Content-Type", "")
    with urllib.request.urlopen(request) as reply:
        assert reply.status == 200
    assert bucket.Object("put").get()["Body"].read() == b"by url"

s3.BucketTagging(bucket.name).put(Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
assert s3.BucketTagging(bucket.name).tag_set == [{"Key": "k", "Value": "v"}]
bucket.Versioning().enable()
assert bucket.Versioning().status == "Enabled"
old = bucket.put_object(Key="v", Body=b"old").version_id
new = bucket.put_object(Key="v", Body=b"new").version_id
bucket.Object("v").delete()
kept = list(bucket.object_versions.filter(Prefix="v"))
assert sorted(version.id for version in kept if version.size is not None) == sorted([old, new]) and len(kept) == 3
assert bucket.Object("v").Version(old).get()["Body"].read() == b"old"
bucket.object_versions.all().delete()
assert list(bucket.object_versions.all()) == []
bucket.delete()
bucket.wait_until_not_exists()
print("resources, transfers, forms, versions")
