// SPDX-License-Identifier: LGPL-2.1-or-later
// A model whose text follows from what it hears, however often and in whatever order it hears it:
// for streams that share a batch.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "batch_bench.h"
#include "fault_device.h"

namespace npu::testing {

// Each window says a few words of its own, in one of two languages; some are so improbable that
// they fall back. The words of the two languages differ.
inline std::shared_ptr<Script> script_by_sound() {
  auto script = std::make_shared<Script>();
  auto hashes = std::make_shared<std::vector<uint64_t>>();
  script->next = [self = script.get(), hashes](int window, std::span<const int> history,
                                               std::span<float> logits) {
    const auto index = static_cast<size_t>(window);
    for (size_t i = hashes->size(); i <= index; ++i) {
      uint64_t hash = 14695981039346656037U;
      for (const float value : self->mels[i])
        hash = (hash ^ std::bit_cast<uint32_t>(value)) * 1099511628211U;
      hashes->push_back(hash >> 20);
      self->mels[i] = {};  // they would take all memory
    }
    const uint64_t hash = (*hashes)[index];
    const auto start =
        static_cast<size_t>(std::find(history.begin(), history.end(), kStart) - history.begin());
    if (history.size() == start + 1) {
      logits[static_cast<size_t>(hash % 2 ? kEnglish : kGerman)] = 5;
      return;
    }
    // Language, task, and that there are no timestamps.
    if (history.size() < start + 4) return;
    const size_t sampled = history.size() - start - 4;
    const size_t words = 1 + hash % 9;
    const int language = history[start + 1] == kEnglish ? 0 : 1000;
    const auto word = static_cast<int>((hash / 16 + sampled * 13) % 700);
    const int id = sampled < words ? 300 + language + word : kEndOfText;
    logits[static_cast<size_t>(id)] = hash % 5 == 0 ? 9.0F : 40.0F;
  };
  return script;
}

// A model of that script on a device that can hang and fail.
struct SoundModel {
  std::shared_ptr<FaultState> state;
  std::shared_ptr<Script> script = script_by_sound();
  std::shared_ptr<const Model> model;

  SoundModel() {
    auto device = std::make_unique<FaultDevice>(std::make_unique<ScriptedDevice>(script));
    state = device->state();
    model = Model::create(std::make_unique<NumberedWordsFile>(51865), std::move(device),
                          Precision::kF32, {}, {})
                .value();
  }
  std::unique_ptr<Transcriber> stream(const TranscribeOptions& options) const {
    return Transcriber::create(model, options).value();
  }
};

// Short texts, with all that is known of them.
inline TranscribeOptions short_texts(int size) {
  TranscribeOptions options = batch_of(size);
  options.temperatures = {0, 0.4F};
  options.decoding.best_of = 3;
  options.decoding.max_tokens = 20;
  options.word_timestamps = true;
  return options;
}

// `count` bursts with long pauses between them; no two are alike, of whatever `seed`.
inline std::vector<float> varied_bursts(int count, int seed) {
  std::vector<float> samples;
  for (int i = 0; i < count; ++i) {
    const double seconds = 3 + 0.17 * ((i * 7 + seed * 11) % 29) + 0.01 * seed;
    const std::vector<float> one = sound({{1.5, false}, {seconds, true}, {3, false}});
    samples.insert(samples.end(), one.begin(), one.end());
  }
  return samples;
}

// Every bit of a segment.
inline std::string bits(const Segment& segment) {
  std::string all = line(segment);
  const auto add = [&](double value) {
    char number[40];
    std::snprintf(number, sizeof(number), " %a", value);
    all += number;
  };
  for (const int token : segment.tokens) all += text(' ', token);
  for (const double value :
       {segment.start_s, segment.end_s, double{segment.temperature}, double{segment.avg_logprob},
        double{segment.compression_ratio}, double{segment.no_speech_prob}})
    add(value);
  for (const Word& word : segment.words) {
    all += " |" + word.text;
    for (const double value : {word.start_s, word.end_s, double{word.probability}}) add(value);
  }
  return all;
}

inline std::vector<std::string> bits(const std::vector<Segment>& segments) {
  std::vector<std::string> all;
  for (const Segment& segment : segments) all.push_back(bits(segment));
  return all;
}

// What a stream gives that has a model of its own.
inline std::vector<std::string> bits_alone(const TranscribeOptions& options,
                                           std::span<const float> samples) {
  const SoundModel own;
  const auto stream = own.stream(options);
  const Outcome outcome = drive(*stream, samples);
  return outcome.error ? std::vector<std::string>{outcome.error->message} : bits(outcome.segments);
}

}  // namespace npu::testing
