// SPDX-License-Identifier: LGPL-2.1-or-later
// A device whose "network" is a function of the tokens so far, so that decoding can be tested
// against sequences that are known. It keeps the histories as token lists and checks what it is
// given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/device.h"
#include "model/model.h"

namespace npu::testing {

// What a scripted device was asked, and what it answers. Shared by device, program and context.
struct Script {
  // Fills `logits` ([vocabulary], zeros before) for the token that follows `history`, which begins
  // with the initial tokens. `window` is the encoder run that the row hears, counted from 0.
  std::function<void(int window, std::span<const int> history, std::span<float> logits)> next;
  int vocabulary = 51865;
  int fail_at = -1;              // run() or write() call that fails, counted from 0
  std::function<void()> on_run;  // called at the start of each run
  int calls = 0;
  int windows = 0;                        // encoder runs
  int prefills = 0;                       // histories that were begun
  std::vector<std::vector<float>> mels;   // of each encoder run
  std::vector<int> positions;             // of each encoder run
  std::vector<std::vector<int>> prompts;  // of each prefill, up to what is chosen first
};

// The contract of score.h in plain loops.
void answer(const ScoreRequest& request, std::span<const float> logits, ScoreResult& result);

class ScriptedContext : public Context {
 public:
  ScriptedContext(std::shared_ptr<Script> script, const ContextLimits& limits)
      : script_(std::move(script)),
        limits_(limits),
        histories_(static_cast<size_t>(limits.self_slots)),
        heard_(static_cast<size_t>(limits.cross_slots)) {}

  Result<void> write(std::string_view buffer, std::span<const float> data) override;
  Result<void> read(std::string_view, std::span<float>) override;
  Result<void> run(size_t list, const Replay& replay, const CancelToken& cancel,
                   Deadline deadline) override;

 private:
  void permute(std::span<const int> parents);
  Result<void> append(std::span<const Row> rows, std::vector<std::vector<int>>& at_row);
  void note_prompts(const Replay& replay, const std::vector<std::vector<int>>& at_row);

  std::shared_ptr<Script> script_;
  ContextLimits limits_;
  std::vector<std::vector<int>> histories_;
  std::vector<int> heard_;  // encoder runs, by cross slot
  std::vector<float> mel_;
  std::vector<float> logits_;
};

class ScriptedProgram : public Program {
 public:
  explicit ScriptedProgram(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  Result<std::unique_ptr<Context>> create_context(const ContextLimits& limits) const override {
    return std::unique_ptr<Context>(std::make_unique<ScriptedContext>(script_, limits));
  }
  size_t weight_bytes() const override { return 0; }
  Precision precision() const override { return Precision::kF32; }

 private:
  std::shared_ptr<Script> script_;
};

class ScriptedDevice : public Device {
 public:
  explicit ScriptedDevice(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  std::string_view name() const override { return "scripted"; }
  std::string description() const override { return "a script"; }
  Result<std::unique_ptr<Program>> load(std::span<const OpList>, WeightSource&, Precision,
                                        const LoadProgress&, const CancelToken&) override {
    return std::unique_ptr<Program>(std::make_unique<ScriptedProgram>(script_));
  }

 private:
  std::shared_ptr<Script> script_;
};

// The 256 bytes, then " w256", " w257", ...: every id is a word that names itself.
TokenBytes numbered_words(int vocabulary);
// A model file without weights.
class NumberedWordsFile : public ModelFile {
 public:
  explicit NumberedWordsFile(int vocabulary) : dims_{80, 64, 1, 1, 2, vocabulary, 256} {}
  const std::string& path() const override { return path_; }
  std::string format() const override { return "numbered words"; }
  const ModelDims& dims() const override { return dims_; }
  TokenBytes take_tokens() override { return numbered_words(dims_.vocabulary); }
  const std::optional<AlignmentHeads>& alignment_heads() const override { return heads_; }
  const std::optional<MelFilters>& mel_filters() const override { return filters_; }
  Result<void> read(const WeightRef&, std::span<float>) override { return {}; }

 private:
  std::string path_ = "numbered-words";
  ModelDims dims_;
  std::optional<AlignmentHeads> heads_;
  std::optional<MelFilters> filters_;
};

// A model of such a file.
std::shared_ptr<const Model> scripted_model(const std::shared_ptr<Script>& script);

}  // namespace npu::testing
