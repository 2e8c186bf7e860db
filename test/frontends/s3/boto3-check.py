"""What boto3 does with an S3 endpoint in its default configuration. Usage: boto3-check.py ENDPOINT FILE"""

import hashlib
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

endpoint, path = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint)
bucket = "boto3-bucket"
s3.create_bucket(Bucket=bucket)

# Multipart, in parts of 5 MiB and several at a time, and back by ranges.
parts = TransferConfig(multipart_threshold=5 * 2**20, multipart_chunksize=5 * 2**20, max_concurrency=4)
s3.upload_file(path, bucket, "dir/large file", Config=parts, ExtraArgs={"Metadata": {"name": "value"}})
s3.download_file(bucket, "dir/large file", path + ".back", Config=parts)
with open(path, "rb") as sent, open(path + ".back", "rb") as back:
    data = sent.read()
    assert data == back.read()
head = s3.head_object(Bucket=bucket, Key="dir/large file")
assert head["ContentLength"] == len(data) and head["Metadata"] == {"name": "value"}
assert head["ETag"].endswith('-3"'), head["ETag"]

# Small objects, with each checksum that botocore computes by itself.
for algorithm in ["CRC32", "SHA1", "SHA256"]:
    key = "small+" + algorithm
    put = s3.put_object(Bucket=bucket, Key=key, Body=b"hello", ChecksumAlgorithm=algorithm)
    assert put["ETag"] == '"' + hashlib.md5(b"hello").hexdigest() + '"'
    assert put["Checksum" + algorithm]
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"hello"

s3.copy({"Bucket": bucket, "Key": "dir/large file"}, bucket, "copy of ü", Config=parts)
assert s3.head_object(Bucket=bucket, Key="copy of ü")["ContentLength"] == len(data)

keys = []
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2}):
    keys += [entry["Key"] for entry in page["Contents"]]
assert keys == ["copy of ü", "dir/large file", "small+CRC32", "small+SHA1", "small+SHA256"], keys
folders = s3.list_objects(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
assert folders == [{"Prefix": "dir/"}], folders

# Presigned: by default with Version 2 of the signature, and with Version 4.
for version in [None, "s3v4"]:
    client = boto3.client("s3", endpoint_url=endpoint, config=boto3.session.Config(signature_version=version))
    for method, params in [("PUT", "put_object"), ("GET", "get_object")]:
        url = client.generate_presigned_url(params, Params={"Bucket": bucket, "Key": "small+SHA1"})
        request = urllib.request.Request(url, method=method, data=b"hello" if method == "PUT" else None)
        request.add_header("Content-Type", "")
        body = urllib.request.urlopen(request).read()
        assert method == "PUT" or body == b"hello"

try:
    s3.get_object(Bucket=bucket, Key="nothing")
    raise AssertionError("found what is not there")
except ClientError as error:
    assert error.response["Error"]["Code"] == "NoSuchKey"

deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in keys]})
assert len(deleted["Deleted"]) == len(keys) and "Errors" not in deleted
s3.delete_bucket(Bucket=bucket)
print("ok")
