import test from "ava";
import { createInlineCodec } from "../../../core/segment/inline-codec.js";
import { segmentCodecSuite } from "../../suites/segment-codec-suite.js";

segmentCodecSuite(test, createInlineCodec);
