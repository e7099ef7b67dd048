// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/transcriber.h"

#include "whisper/batch/batch_transcriber.h"
#include "whisper/longform.h"

namespace npu {

Result<std::unique_ptr<Transcriber>> Transcriber::create(std::shared_ptr<const Model> model,
                                                         const TranscribeOptions& options) {
  NPU_TRY(validate(options, model->tokenizer()));
  if (options.mode == Mode::kBatch) return BatchTranscriber::create(std::move(model), options);
  return LongForm::create(std::move(model), options);
}

}  // namespace npu
