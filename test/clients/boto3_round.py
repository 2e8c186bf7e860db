"""A whole round of boto3 against the endpoint in $ENDPOINT. Exits with an assertion when anything differs."""

import hashlib
import io
import os
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

s3 = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"])
# Without this boto3 presigns with Signature Version 2.
presigner = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], config=Config(signature_version="s3v4"))
bucket = "boto3-round"


def code_of(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


s3.create_bucket(Bucket=bucket)
assert bucket in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
s3.head_bucket(Bucket=bucket)

sizes = [int(text) for text in sys.argv[1:]]
for size in sizes:
    data = os.urandom(size)
    key = f"dir {size}/ключ+{size}&=%"
    s3.upload_fileobj(io.BytesIO(data), bucket, key, ExtraArgs={"Metadata": {"size": str(size)}, "ContentType": "image/png"})
    back = io.BytesIO()
    s3.download_fileobj(bucket, key, back)
    assert hashlib.sha256(back.getvalue()).digest() == hashlib.sha256(data).digest(), f"{size} bytes differ"
    head = s3.head_object(Bucket=bucket, Key=key)
    assert head["ContentLength"] == size and head["ContentType"] == "image/png" and head["Metadata"] == {"size": str(size)}
    if size > 20:
        part = s3.get_object(Bucket=bucket, Key=key, Range="bytes=5-14")
        assert part["ResponseMetadata"]["HTTPStatusCode"] == 206 and part["Body"].read() == data[5:15]
        tail = s3.get_object(Bucket=bucket, Key=key, Range="bytes=-7")
        assert tail["Body"].read() == data[-7:]
    assert code_of(s3.get_object, Bucket=bucket, Key=key, IfNoneMatch=head["ETag"]) == "304"
    assert code_of(s3.get_object, Bucket=bucket, Key=key, IfMatch='"other"') == "PreconditionFailed"
    url = presigner.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    with urllib.request.urlopen(url) as reply:
        assert hashlib.sha256(reply.read()).digest() == hashlib.sha256(data).digest()

pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
assert keys == sorted(f"dir {size}/ключ+{size}&=%" for size in sizes), keys
folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
assert [entry["Prefix"] for entry in folders["CommonPrefixes"]] == sorted(f"dir {size}/" for size in sizes)

upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")
blocks = [os.urandom(5 << 20), os.urandom(5 << 20), os.urandom(100)]
parts = []
for number in (3, 1, 2):
    reply = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload["UploadId"], PartNumber=number, Body=blocks[number - 1])
    parts.append({"PartNumber": number, "ETag": reply["ETag"]})
listed = s3.list_parts(Bucket=bucket, Key="parts", UploadId=upload["UploadId"])["Parts"]
assert [(part["PartNumber"], part["Size"]) for part in listed] == [(i + 1, len(block)) for i, block in enumerate(blocks)]
assert [entry["Key"] for entry in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["parts"]
parts.sort(key=lambda part: part["PartNumber"])
done = s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload["UploadId"], MultipartUpload={"Parts": parts})
digest = hashlib.md5(b"".join(hashlib.md5(block).digest() for block in blocks)).hexdigest()
assert done["ETag"] == f'"{digest}-3"', done["ETag"]
assert s3.get_object(Bucket=bucket, Key="parts")["Body"].read() == b"".join(blocks)

aborted = s3.create_multipart_upload(Bucket=bucket, Key="aborted")
s3.upload_part(Bucket=bucket, Key="aborted", UploadId=aborted["UploadId"], PartNumber=1, Body=b"x" * 10000)
s3.abort_multipart_upload(Bucket=bucket, Key="aborted", UploadId=aborted["UploadId"])
assert code_of(s3.head_object, Bucket=bucket, Key="aborted") == "404"
assert code_of(s3.list_parts, Bucket=bucket, Key="aborted", UploadId=aborted["UploadId"]) == "NoSuchUpload"

assert code_of(s3.get_object, Bucket=bucket, Key="missing") == "NoSuchKey"
assert code_of(s3.get_object, Bucket="no-such-bucket-here", Key="x") == "NoSuchBucket"
assert code_of(s3.delete_bucket, Bucket=bucket) == "BucketNotEmpty"
deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in [*keys, "parts", "missing"]]})
assert len(deleted["Deleted"]) == len(keys) + 2 and "Errors" not in deleted
s3.delete_bucket(Bucket=bucket)
assert code_of(s3.head_bucket, Bucket=bucket) == "404"

own = {"endpoint_url": os.environ["ENDPOINT"], "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"]}
wrong = boto3.client("s3", **own, aws_secret_access_key="wrong")
assert code_of(wrong.list_buckets) == "SignatureDoesNotMatch"

print(f"{len(sizes)} files, all equal")
