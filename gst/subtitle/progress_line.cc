// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/progress_line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "subtitle/clock.h"

namespace npu::subtitle {
namespace {

constexpr int kMaxBarColumns = 40;
constexpr int kMinBarColumns = 8;
std::string speed_text(const ProgressState& state) {
  if (!(state.elapsed_s > 0.5) || !(state.position_s > 0)) return "";
  std::array<char, 32> buffer;
  std::snprintf(buffer.data(), buffer.size(), "  %.1fx", state.position_s / state.elapsed_s);
  return buffer.data();
}

std::string left_text(const ProgressState& state) {
  const double fraction = fraction_of(state);
  if (!(fraction > 0) || !(state.elapsed_s > 0.5)) return "";
  return "  " + clock_text(state.elapsed_s * (1 - fraction) / fraction) + " left";
}

}  // namespace

double fraction_of(const ProgressState& state) {
  if (!(state.duration_s > 0)) return 0;
  return std::clamp(state.position_s / state.duration_s, 0.0, 1.0);
}

std::string progress_line(const ProgressState& state, int columns) {
  const bool known = state.duration_s > 0;
  std::string percent;
  std::string tail = clock_text(state.position_s);
  if (known) {
    std::array<char, 16> buffer;
    std::snprintf(buffer.data(), buffer.size(), "%3d %%",
                  static_cast<int>(std::floor(fraction_of(state) * 100)));
    percent = buffer.data();
    tail += " / " + clock_text(state.duration_s);
  }
  tail += speed_text(state) + left_text(state);
  const int room = columns - static_cast<int>(percent.size() + tail.size()) - 4;
  std::string line = percent;
  if (known && room >= kMinBarColumns) {
    const int width = std::min(room, kMaxBarColumns);
    const int filled = static_cast<int>(std::floor(fraction_of(state) * width));
    line += " [" + std::string(static_cast<size_t>(filled), '#') +
            std::string(static_cast<size_t>(width - filled), '-') + "] ";
  } else if (known) {
    line += "  ";
  }
  line += tail;
  if (columns > 0 && static_cast<int>(line.size()) > columns) {
    line.resize(static_cast<size_t>(columns));
  }
  return line;
}

std::string cut_to_columns(std::string_view text, int columns) {
  if (columns <= 0) return std::string(text);
  size_t at = 0;
  for (int column = 0; at < text.size(); ++at) {
    const bool continues = (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
    if (!continues && column++ == columns) break;
  }
  return std::string(text.substr(0, at));
}

std::string run_line(const std::vector<ActiveFile>& files, size_t begun, size_t total,
                     int columns) {
  if (files.empty()) return "";
  std::string head = total > 1 ? std::to_string(begun) + "/" + std::to_string(total) + " " : "";
  if (files.size() == 1) {
    const ActiveFile& file = files.front();
    if (total > 1) head += file.name + " ";
    if (!file.stage.empty()) head += file.stage + " ";
    // A long name must not push the figures out.
    head = cut_to_columns(head, columns > 0 ? std::max(columns / 2, 1) : 0);
    const int room = columns > 0 ? std::max(columns - static_cast<int>(head.size()), 1) : 0;
    return cut_to_columns(head + progress_line(file.state, room), columns);
  }
  std::string line = head;
  for (const ActiveFile& file : files) {
    std::array<char, 16> percent;
    std::snprintf(percent.data(), percent.size(), " %d %%",
                  static_cast<int>(std::floor(fraction_of(file.state) * 100)));
    line += std::string(line == head ? " " : ", ") + file.name + percent.data();
  }
  return cut_to_columns(line, columns);
}

}  // namespace npu::subtitle
