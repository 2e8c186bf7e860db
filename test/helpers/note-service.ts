import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { MessageType } from "../../core/rpc/transport.js";

/** The message of the test service: what handlers are to do, and data to carry. */
export interface Note {
  text: string;
  number: number;
  data: Uint8Array;
}

export const Note: MessageType<Note> = {
  encode(message, writer = new BinaryWriter()) {
    if (message.text !== "") writer.uint32(10).string(message.text);
    if (message.number !== 0) writer.uint32(16).int64(message.number);
    if (message.data.length > 0) writer.uint32(26).bytes(message.data);
    return writer;
  },
  decode(input) {
    const reader = new BinaryReader(input);
    const message = note();
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 10) message.text = reader.string();
      else if (tag === 16) message.number = Number(reader.int64());
      else if (tag === 26) message.data = reader.bytes();
      else reader.skip(tag & 7);
    }
    return message;
  },
};

export function note(text = "", number = 0, data: Uint8Array = new Uint8Array(0)): Note {
  return { text, number, data };
}

/** A service with a method of every shape. */
export const NoteDefinition = {
  name: "Notes",
  fullName: "postern.test.Notes",
  methods: {
    ask: { name: "Ask", requestType: Note, requestStream: false, responseType: Note, responseStream: false },
    gather: { name: "Gather", requestType: Note, requestStream: true, responseType: Note, responseStream: false },
    spread: { name: "Spread", requestType: Note, requestStream: false, responseType: Note, responseStream: true },
    talk: { name: "Talk", requestType: Note, requestStream: true, responseType: Note, responseStream: true },
    missing: { name: "Missing", requestType: Note, requestStream: false, responseType: Note, responseStream: false },
  },
} as const;
