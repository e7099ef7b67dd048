// SPDX-License-Identifier: LGPL-2.1-or-later
// What a subtitle file is made of, and the formats it can have.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace npu::captions {

// A word as it is spoken; times in ns from the start of the medium.
struct CaptionWord {
  std::string text;
  int64_t start_ns;
  int64_t end_ns;
  double probability;  // 0..1
};

// One text with the time in which it is shown; times in ns from the start of the medium.
struct Caption {
  int64_t start_ns;
  int64_t end_ns;
  std::string text;  // UTF-8; what is not is replaced when it is written
  std::vector<CaptionWord> words = {};
  std::optional<double> avg_logprob = std::nullopt;
  std::optional<double> no_speech_prob = std::nullopt;
};

// Everything that is known about one medium.
struct Transcript {
  std::vector<Caption> captions;
  std::string language;  // a code such as "en"; empty: unknown
  std::string task;      // "transcribe" or "translate"
  std::string model;     // as the user named it
  std::string source;    // file name of the medium
  double duration_s = 0;
};

enum class CaptionFormat { kSrt, kVtt, kText, kJson };

// By the name that is also the file extension: srt, vtt, txt, json; any case.
std::optional<CaptionFormat> find_format(std::string_view name);
// The extension without its dot.
std::string_view extension(CaptionFormat format);

// Start and end of a caption as files hold them.
struct MillisecondTimes {
  int64_t start_ms;
  int64_t end_ms;
};

// Rounds to the nearest millisecond and settles what rounding or the input may have left: no
// negative time, every caption lasts at least 1 ms, starts increase, no caption reaches into the
// next. `captions` must be sorted by start.
std::vector<MillisecondTimes> to_milliseconds(std::span<const Caption> captions);

// The captions that can be shown, in order of start: those without visible text are left out.
std::vector<Caption> shown_captions(std::span<const Caption> captions);

// Moves all times, those of words as well, by `by_ns`.
void shift(std::span<Caption> captions, int64_t by_ns);

struct WriteOptions {
  // WebVTT marks the time of each word inside its caption, as players that highlight what is being
  // said want it. Captions without words stay as they are; the other formats have no such marks.
  bool mark_words = false;
};

// Turns a transcript into the bytes of a file: UTF-8 without a byte order mark, lines end with LF.
class CaptionWriter {
 public:
  static std::unique_ptr<CaptionWriter> create(CaptionFormat format,
                                               const WriteOptions& options = {});
  virtual ~CaptionWriter() = default;
  virtual std::string write(const Transcript& transcript) const = 0;
};

// SubRip, numbered from 1.
std::unique_ptr<CaptionWriter> create_srt_writer(const WriteOptions& options);
// WebVTT, text escaped.
std::unique_ptr<CaptionWriter> create_vtt_writer(const WriteOptions& options);
// One line per caption, no times.
std::unique_ptr<CaptionWriter> create_text_writer(const WriteOptions& options);
// One document, times in seconds.
std::unique_ptr<CaptionWriter> create_json_writer(const WriteOptions& options);

}  // namespace npu::captions
