// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/clock.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <vector>

namespace npu::subtitle {
namespace {

constexpr int64_t kSecond_ns = 1'000'000'000;
constexpr int64_t kMostHours = 9999;
constexpr int64_t kMostSeconds = kMostHours * 3600;

std::optional<int64_t> whole_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && text.front() != '-' ? std::optional(value) : std::nullopt;
}

// The digits behind the point as ns; more than nine are cut.
std::optional<int64_t> fraction_ns(std::string_view digits) {
  int64_t value_ns = 0;
  int64_t unit_ns = kSecond_ns / 10;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value_ns += (digit - '0') * unit_ns;
    unit_ns /= 10;
  }
  return digits.empty() ? std::nullopt : std::optional(value_ns);
}

}  // namespace

std::string clock_text(double seconds) {
  const bool sane = seconds >= 0 && seconds < 1e9;
  const long whole = sane ? std::lround(std::floor(seconds)) : 0;
  std::array<char, 48> buffer;
  if (whole >= 3600) {
    std::snprintf(buffer.data(), buffer.size(), "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%ld:%02ld", whole / 60, whole % 60);
  }
  return buffer.data();
}

std::optional<int64_t> parse_clock(std::string_view text) {
  int64_t rest_ns = 0;
  if (const size_t point = text.find('.'); point != std::string_view::npos) {
    const auto fraction = fraction_ns(text.substr(point + 1));
    if (!fraction) return std::nullopt;
    rest_ns = *fraction;
    text = text.substr(0, point);
  }
  int64_t total_s = 0;
  for (int parts = 1; parts <= 3; ++parts) {
    const size_t colon = text.find(':');
    const auto value = whole_number(text.substr(0, colon));
    if (!value || *value > kMostSeconds || (parts > 1 && *value > 59)) return std::nullopt;
    total_s = total_s * 60 + *value;
    if (colon == std::string_view::npos) {
      return total_s <= kMostSeconds ? std::optional(total_s * kSecond_ns + rest_ns) : std::nullopt;
    }
    text = text.substr(colon + 1);
  }
  return std::nullopt;
}

}  // namespace npu::subtitle
