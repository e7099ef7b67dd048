// SPDX-License-Identifier: LGPL-2.1-or-later
// A Transcriber whose model says, window by window, what a test wrote down.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "scripted_device.h"
#include "whisper/transcriber.h"

namespace npu::testing {

inline constexpr int kEndOfText = 50257;
inline constexpr int kStart = 50258;
inline constexpr int kEnglish = 50259;
inline constexpr int kGerman = 50261;
inline constexpr int kNoSpeech = 50362;
inline constexpr int kTimestamps = 50364;

// <|seconds|>
inline int at(double seconds) {
  return kTimestamps + static_cast<int>(std::lround(seconds / 0.02));
}

// What the model says of one encoded window.
struct Said {
  std::vector<int> tokens;
  float logit = 40;  // of each of them, 0 of all others: 40 is certain, 9 means about e^-2
  float no_speech_logit = 0;
};

// One encoder run after the other says `windows`; the last one goes on for ever. In a window that
// goes on from what was said before, times count from the last one of that.
inline std::shared_ptr<Script> script_of(std::vector<Said> windows, int language = kEnglish) {
  auto script = std::make_shared<Script>();
  // Where what is sampled begins, by encoder run and task.
  auto first = std::make_shared<std::map<std::pair<int, int>, size_t>>();
  script->next = [=](int window, std::span<const int> history, std::span<float> logits) {
    const Said& said = windows[std::min(static_cast<size_t>(window), windows.size() - 1)];
    const auto start =
        static_cast<size_t>(std::find(history.begin(), history.end(), kStart) - history.begin());
    if (history.size() == start + 1) {
      logits[static_cast<size_t>(language)] = 5;
      logits[kNoSpeech] = said.no_speech_logit;
    }
    if (history.size() < start + 3) return;
    const size_t base =
        first->emplace(std::pair(window, history[start + 2]), history.size()).first->second;
    if (history.size() < base) return;  // of an alignment, which asks for no logits
    const int last = history[base - 1];
    const size_t sampled = history.size() - base;
    int id = sampled < said.tokens.size() ? said.tokens[sampled] : kEndOfText;
    if (id >= kTimestamps && last > kTimestamps) id = std::min(id + last - kTimestamps, at(30));
    logits[static_cast<size_t>(id)] = said.logit;
  };
  return script;
}

inline std::vector<float> some_noise(double seconds) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.1F, 0.1F);
  std::vector<float> samples(static_cast<size_t>(seconds * kSampleRate));
  for (float& sample : samples) sample = uniform(random);
  return samples;
}

// A segment as one line: "500: 5.00-7.40 w300 w301".
inline std::string line(const Segment& segment) {
  char head[64];
  std::snprintf(head, sizeof(head), "%d: %.2f-%.2f", segment.seek, segment.start_s, segment.end_s);
  return head + segment.text;
}

struct Outcome {
  std::vector<Segment> segments;
  std::vector<Segment> translation;
  std::optional<Error> error;
  double first_output_s = -1;  // how much had been pushed when the first window was decoded

  std::vector<std::string> lines() const { return lines_of(segments); }
  std::vector<std::string> translation_lines() const { return lines_of(translation); }

  static std::vector<std::string> lines_of(const std::vector<Segment>& segments) {
    std::vector<std::string> all;
    for (const Segment& segment : segments) all.push_back(line(segment));
    return all;
  }
};

// Feeds `samples` as the transcriber asks for them.
inline Outcome drive(Transcriber& transcriber, std::span<const float> samples,
                     size_t at_once = 16000, const CancelToken& cancel = {}) {
  Outcome outcome;
  bool ended = false;
  double decided_s = 0, translation_decided_s = 0;
  const auto check = [&](const std::vector<Segment>& segments, double now_s, double& before_s) {
    for (const Segment& segment : segments)
      if (segment.start_s < before_s)
        outcome.error = Error{ErrorCode::kInternal, "a segment begins before what was decided"};
    if (now_s < before_s) outcome.error = Error{ErrorCode::kInternal, "what was decided went back"};
    before_s = now_s;
  };
  for (;;) {
    auto step = transcriber.step(cancel);
    if (!step) {
      outcome.error = step.error();
      return outcome;
    }
    check(step->segments, step->decided_s, decided_s);
    check(step->translation, step->translation_decided_s, translation_decided_s);
    std::move(step->segments.begin(), step->segments.end(), std::back_inserter(outcome.segments));
    std::move(step->translation.begin(), step->translation.end(),
              std::back_inserter(outcome.translation));
    if (step->kind == Step::Kind::kFinished) return outcome;
    if (step->kind == Step::Kind::kWindow) {
      if (outcome.first_output_s < 0) outcome.first_output_s = transcriber.pushed_s();
      continue;
    }
    if (!samples.empty()) {
      const size_t count = std::min(at_once, samples.size());
      transcriber.push(samples.first(count));
      samples = samples.subspan(count);
    } else if (!ended) {
      transcriber.end_input();
      ended = true;
    } else {
      outcome.error = Error{ErrorCode::kInternal, "asks for input after its end"};
      return outcome;
    }
  }
}

inline TranscribeOptions english() {
  TranscribeOptions options;
  options.decoding.language = "en";
  return options;
}

inline std::unique_ptr<Transcriber> transcriber_of(const std::shared_ptr<Script>& script,
                                                   const TranscribeOptions& options) {
  return Transcriber::create(scripted_model(script), options).value();
}

}  // namespace npu::testing
