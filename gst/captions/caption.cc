// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/caption.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "captions/caption_text.h"

namespace npu::captions {
namespace {

struct FormatRow {
  CaptionFormat format;
  std::string_view name;
  std::unique_ptr<CaptionWriter> (*create)(const WriteOptions&);
};

constexpr std::array<FormatRow, 4> kFormats = {{
    {CaptionFormat::kSrt, "srt", create_srt_writer},
    {CaptionFormat::kVtt, "vtt", create_vtt_writer},
    {CaptionFormat::kText, "txt", create_text_writer},
    {CaptionFormat::kJson, "json", create_json_writer},
}};

const FormatRow& row_of(CaptionFormat format) {
  return *std::find_if(kFormats.begin(), kFormats.end(),
                       [format](const FormatRow& row) { return row.format == format; });
}

constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;

int64_t rounded_ms(int64_t time_ns) {
  if (time_ns <= 0) return 0;
  const int64_t whole = time_ns / kNanosecondsPerMillisecond;
  return whole + (time_ns % kNanosecondsPerMillisecond >= kNanosecondsPerMillisecond / 2 ? 1 : 0);
}

}  // namespace

std::optional<CaptionFormat> find_format(std::string_view name) {
  std::string lower(name);
  for (char& letter : lower) {
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  for (const FormatRow& row : kFormats) {
    if (row.name == lower) return row.format;
  }
  return std::nullopt;
}

std::string_view extension(CaptionFormat format) {
  return row_of(format).name;
}

std::vector<MillisecondTimes> to_milliseconds(std::span<const Caption> captions) {
  std::vector<MillisecondTimes> times;
  times.reserve(captions.size());
  for (const Caption& caption : captions) {
    int64_t start_ms = rounded_ms(caption.start_ns);
    if (!times.empty()) start_ms = std::max(start_ms, times.back().start_ms + 1);
    if (!times.empty()) times.back().end_ms = std::min(times.back().end_ms, start_ms);
    times.push_back({start_ms, std::max(rounded_ms(caption.end_ns), start_ms + 1)});
  }
  return times;
}

std::vector<Caption> shown_captions(std::span<const Caption> captions) {
  std::vector<Caption> shown;
  for (const Caption& caption : captions) {
    if (!clean_text(caption.text).empty()) shown.push_back(caption);
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [](const Caption& a, const Caption& b) { return a.start_ns < b.start_ns; });
  return shown;
}

void shift(std::span<Caption> captions, int64_t by_ns) {
  for (Caption& caption : captions) {
    caption.start_ns += by_ns;
    caption.end_ns += by_ns;
    for (CaptionWord& word : caption.words) {
      word.start_ns += by_ns;
      word.end_ns += by_ns;
    }
  }
}

std::unique_ptr<CaptionWriter> CaptionWriter::create(CaptionFormat format,
                                                     const WriteOptions& options) {
  return row_of(format).create(options);
}

}  // namespace npu::captions
