// SPDX-License-Identifier: LGPL-2.1-or-later
// One window of one stream on its way through a shared batch: audio in, texts out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/dims.h"
#include "whisper/batch/chunk_text.h"
#include "whisper/language.h"
#include "whisper/transcriber.h"

namespace npu {

class BatchMember;

// What a chunk keeps while it is heard, once or, for a long text, several times. Its stream fills
// it in and reads it, except from SharedBatch::submit() on until it comes back from collect(): then
// it belongs to the batch.
struct Hearing {
  // One text of the chunk.
  struct Part {
    ChunkText text;
    bool wanted = true;               // whether it is to hear this window
    bool misheard = false;            // a text failed on fewer positions: again on all
    ChunkText::Outcome outcome = {};  // of it
  };

  // `tasks`: the texts of a chunk, the transcript's first.
  explicit Hearing(std::span<const std::shared_ptr<const BatchTask>> tasks) {
    for (const auto& task : tasks) parts.push_back({ChunkText(task, work)});
  }
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;

  ChunkWindow window{};
  std::vector<float> mel;           // [3000][bands]; freed once it is encoded
  int positions = kAudioPositions;  // that it is encoded on: a result of fitting_positions()
  bool detect = false;              // the language, which is then that of the texts
  std::string language;
  float language_probability = 1;
  std::vector<Part> parts;
  TranscriberStats work;  // spent and not yet counted as the stream's

  // Of SharedBatch.
  BatchMember* member = nullptr;   // under its lock; null: nobody waits for it any more
  std::optional<uint64_t> ticket;  // set when first submitted; older ones are heard first
};

}  // namespace npu
