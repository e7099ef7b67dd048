// SPDX-License-Identifier: LGPL-2.1-or-later
// Text that is safe inside a subtitle file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace npu::captions {

// Returns `text` as valid UTF-8: each byte that belongs to no well-formed character becomes U+FFFD.
std::string valid_utf8(std::string_view text);

// valid_utf8() without what breaks line-based formats: control characters and byte order marks
// are dropped (a tab becomes a space), any line end becomes LF, lines are trimmed, blank ones go.
std::string clean_text(std::string_view text);

// clean_text() on one line.
std::string single_line(std::string_view text);

// Replaces every `from` (not empty) in `text`.
std::string replace_all(std::string text, std::string_view from, std::string_view to);

// HH:MM:SS<separator>mmm; hours grow beyond two digits. Precondition: time_ms >= 0.
std::string clock_time(int64_t time_ms, char separator);

}  // namespace npu::captions
