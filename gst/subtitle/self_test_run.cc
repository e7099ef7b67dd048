// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/self_test_run.h"

#include <chrono>
#include <limits>

#include "model/mel_filters.h"
#include "model/tokenizer.h"
#include "subtitle/self_test_signal.h"
#include "whisper/network.h"

namespace npu::subtitle {
namespace {

enum TestList : size_t { kTestEncoder, kTestCrossKv, kTestDecode };

// Far above what the slowest host needs for a window of the largest model.
constexpr std::chrono::minutes kPatience{10};

constexpr const char* kHiddenBuffer = "self-test.hidden";

std::string key_buffer(int layer) {
  return "self-test.key." + std::to_string(layer);
}
std::string value_buffer(int layer) {
  return "self-test.value." + std::to_string(layer);
}

void name_value(OpList& list, ValueId id, const std::string& buffer) {
  list.values[static_cast<size_t>(id)].buffer = buffer;
}

std::vector<OpList> readable_lists(const ModelDims& dims) {
  const std::vector<OpList> recorded = whisper_lists(dims, {});
  std::vector<OpList> lists = {recorded[kEncoder], recorded[kCrossKv], recorded[kDecodeStep]};
  for (const Op& op : recorded[kCrossKv].ops) {
    if (const auto* store = std::get_if<StoreCross>(&op)) {
      name_value(lists[kTestCrossKv], store->k, key_buffer(store->layer));
      name_value(lists[kTestCrossKv], store->v, value_buffer(store->layer));
    }
  }
  for (const Op& op : recorded[kDecodeStep].ops) {
    if (const auto* score = std::get_if<Score>(&op)) {
      name_value(lists[kTestDecode], score->in, kHiddenBuffer);
    }
  }
  return lists;
}

std::vector<int> prompt(const ModelDims& dims) {
  const SpecialTokens special = special_tokens(dims.vocabulary);
  if (!dims.multilingual()) return {special.start_of_transcript, special.no_timestamps};
  return {special.start_of_transcript, special.first_language, special.transcribe,
          special.no_timestamps};
}

}  // namespace

Result<std::unique_ptr<SelfTestNetwork>> SelfTestNetwork::create(Device& device, ModelFile& file) {
  const ModelDims dims = file.dims();
  const std::vector<OpList> lists = readable_lists(dims);
  NPU_TRY_ASSIGN(std::unique_ptr<Program> program,
                 device.load(lists, file, Precision::kF32, nullptr, {}));
  ContextLimits limits;
  limits.max_rows = 1;
  limits.self_slots = 1;
  limits.cross_slots = 1;
  NPU_TRY_ASSIGN(std::unique_ptr<Context> context, program->create_context(limits));
  MelFilters filters =
      file.mel_filters() ? *file.mel_filters() : slaney_mel_filters(dims.mel_bands);
  return std::unique_ptr<SelfTestNetwork>(
      new SelfTestNetwork(dims, std::move(program), std::move(context), std::move(filters)));
}

SelfTestNetwork::SelfTestNetwork(const ModelDims& dims, std::unique_ptr<Program> program,
                                 std::unique_ptr<Context> context, MelFilters filters)
    : dims_(dims),
      program_(std::move(program)),
      context_(std::move(context)),
      filters_(std::move(filters)) {}

Result<StageOutput> SelfTestNetwork::read(const std::string& stage, const std::string& buffer,
                                          int rows) {
  const auto cols = static_cast<size_t>(dims_.width);
  // Anything that the device leaves untouched is seen.
  std::vector<float> values(static_cast<size_t>(rows) * cols,
                            std::numeric_limits<float>::quiet_NaN());
  NPU_TRY(context_->read(buffer, values));
  return StageOutput{stage, static_cast<size_t>(rows), cols, std::move(values)};
}

Result<StageOutput> SelfTestNetwork::decode() {
  const TokenSet nothing(dims_.vocabulary);
  ScoreRequest request;
  request.mask = &nothing;
  request.ranges[kText] = {0, dims_.vocabulary};
  request.full_row = true;
  ScoreResult scores;
  int position = 0;
  for (const int token : prompt(dims_)) {
    const Row row{token, position++, 0, 0};
    Replay replay;
    replay.rows = {&row, 1};
    replay.score = {&request, 1};
    replay.results = {&scores, 1};
    NPU_TRY(context_->run(kTestDecode, replay, {}, Deadline::in(kPatience)));
  }
  const auto vocabulary = static_cast<size_t>(dims_.vocabulary);
  if (scores.full_row.size() != vocabulary) {
    return Error{ErrorCode::kInternal,
                 text("logits: expected ", vocabulary, " values, found ", scores.full_row.size())};
  }
  return StageOutput{"logits", 1, vocabulary, std::move(scores.full_row)};
}

Result<std::vector<StageOutput>> SelfTestNetwork::run() {
  const auto bands = static_cast<size_t>(dims_.mel_bands);
  StageOutput mel{"mel", kWindowFrames, bands, self_test_mel(filters_, dims_.mel_bands)};
  NPU_TRY(context_->write(kMelBuffer, mel.values));

  std::vector<StageOutput> outputs;
  outputs.push_back(std::move(mel));
  NPU_TRY(context_->run(kTestEncoder, {}, {}, Deadline::in(kPatience)));
  NPU_TRY_ASSIGN(StageOutput encoded, read("encoder", kEncodedBuffer, kAudioPositions));
  outputs.push_back(std::move(encoded));
  NPU_TRY(context_->run(kTestCrossKv, {}, {}, Deadline::in(kPatience)));
  for (int layer = 0; layer < dims_.decoder_layers; ++layer) {
    const std::string number = std::to_string(layer);
    NPU_TRY_ASSIGN(StageOutput key, read("cross K " + number, key_buffer(layer), kAudioPositions));
    outputs.push_back(std::move(key));
    NPU_TRY_ASSIGN(StageOutput value,
                   read("cross V " + number, value_buffer(layer), kAudioPositions));
    outputs.push_back(std::move(value));
  }
  NPU_TRY_ASSIGN(StageOutput logits, decode());
  NPU_TRY_ASSIGN(StageOutput hidden, read("decoder step", kHiddenBuffer, 1));
  outputs.push_back(std::move(hidden));
  outputs.push_back(std::move(logits));
  return outputs;
}

}  // namespace npu::subtitle
