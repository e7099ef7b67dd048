// SPDX-License-Identifier: LGPL-2.1-or-later
// The `prepare` command: writes a model in the NPU's arithmetic.
#pragma once

#include <string>
#include <vector>

#include "models/progress.h"
#include "result.h"

namespace npu::models {

struct PrepareRequest {
  std::string model;                // a name or a path
  std::vector<std::string> speech;  // FILE or FILE:LANGUAGE; empty: the bundled speech
  std::string language;             // of files that name none; empty: the one that is heard
  int threads = 0;                  // 0: all
};

// Listens to speech with the model and writes what it makes of it where `precision=npu` looks for
// it, all or nothing; prints where and how large it is. The first SIGINT or SIGTERM ends it and
// leaves nothing behind. Errors: kNotFound (the model, a file), kInvalidArgument, kBadModel, kIo
// (what cannot be decoded or written), kUnsupported (no speech was heard; a model of another kind),
// kCancelled.
Result<void> prepare(const PrepareRequest& request, Progress& progress);

}  // namespace npu::models
