// SPDX-License-Identifier: LGPL-2.1-or-later
#include "whisper/transcriber.h"

#include "whisper/batch/batch_transcriber.h"
#include "whisper/longform.h"

namespace npu {

TranscriberStats& TranscriberStats::operator+=(const TranscriberStats& more) {
  mel_s += more.mel_s;
  encoder_s += more.encoder_s;
  cross_kv_s += more.cross_kv_s;
  decode_s += more.decode_s;
  alignment_s += more.alignment_s;
  vad_s += more.vad_s;
  windows += more.windows;
  encoder_runs += more.encoder_runs;
  fitting_runs += more.fitting_runs;
  decoded_tokens += more.decoded_tokens;
  decode_steps += more.decode_steps;
  guesses += more.guesses;
  right_guesses += more.right_guesses;
  speech_s += more.speech_s;
  skipped_s += more.skipped_s;
  fallbacks += more.fallbacks;
  return *this;
}

Result<std::unique_ptr<Transcriber>> Transcriber::create(std::shared_ptr<const Model> model,
                                                         const TranscribeOptions& options) {
  NPU_TRY(validate(options, model->tokenizer()));
  if (options.mode == Mode::kBatch) return BatchTranscriber::create(std::move(model), options);
  return LongForm::create(std::move(model), options);
}

}  // namespace npu
