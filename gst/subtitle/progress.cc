// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/progress.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace npu::subtitle {
namespace {

constexpr int kMaxBarColumns = 40;
constexpr int kMinBarColumns = 8;
constexpr int kPlainSteps = 10;
constexpr double kPlainStepWithoutDuration_s = 600;

double fraction_of(const ProgressState& state) {
  if (!(state.duration_s > 0)) return 0;
  return std::clamp(state.position_s / state.duration_s, 0.0, 1.0);
}

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

Progress::Progress(TextSink sink, int columns, bool quiet)
    : sink_(std::move(sink)), columns_(columns), quiet_(quiet) {}

Progress::~Progress() {
  clear();
}

void Progress::draw(std::string_view text) {
  sink_("\r" + std::string(text) + "\x1B[K");
  drawn_ = true;
}

void Progress::update(const ProgressState& state) {
  if (quiet_) return;
  if (columns_ > 0) {
    draw(progress_line(state, columns_ - 1));
    return;
  }
  const int steps =
      state.duration_s > 0
          ? static_cast<int>(std::floor(fraction_of(state) * kPlainSteps))
          : static_cast<int>(std::floor(state.position_s / kPlainStepWithoutDuration_s));
  if (steps <= shown_steps_) return;
  shown_steps_ = steps;
  sink_(progress_line(state, 0) + "\n");
}

void Progress::status(std::string_view text) {
  if (quiet_) return;
  if (columns_ > 0) draw(text.substr(0, static_cast<size_t>(columns_ - 1)));
}

void Progress::line(std::string_view text) {
  if (quiet_) return;
  if (drawn_) sink_("\r\x1B[K");
  drawn_ = false;
  sink_(std::string(text) + "\n");
}

void Progress::clear() {
  if (drawn_) sink_("\r\x1B[K");
  drawn_ = false;
  shown_steps_ = 0;
}

}  // namespace npu::subtitle
