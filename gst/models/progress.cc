// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "models/files.h"
#include "result.h"

namespace npu::models {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kLinePause{1};
constexpr double kMeasureSeconds = 0.5;
constexpr uint64_t kLargeBytes = 20'000'000;  // plain lines tell quarters of such files
constexpr int kLeastBarColumns = 5;
constexpr int kMostBarColumns = 20;

std::string percent_text(uint64_t done, uint64_t total) {
  const double share = total ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
  char out[16];
  std::snprintf(out, sizeof out, "%3d %%", static_cast<int>(100 * std::min(share, 1.0)));
  return out;
}

std::string bar_text(uint64_t done, uint64_t total, int columns) {
  const double share = total ? static_cast<double>(done) / static_cast<double>(total) : 1.0;
  const int full = std::clamp(static_cast<int>(share * columns), 0, columns);
  return "[" + std::string(static_cast<size_t>(full), '#') +
         std::string(static_cast<size_t>(columns - full), '-') + "]";
}

std::string left_text(double seconds) {
  return clock_text(static_cast<uint64_t>(std::min(seconds, 359999.0) + 0.5)) + " left";
}

// The bar takes what is left of the line, with a space and its two ends.
std::string with_bar(const std::string& head, const std::string& tail, uint64_t done,
                     uint64_t total, int columns) {
  if (columns == 0) return head + tail;
  const int room = columns - static_cast<int>(head.size() + tail.size()) - 3;
  if (room >= kLeastBarColumns)
    return head + " " + bar_text(done, total, std::min(room, kMostBarColumns)) + tail;
  return (head + tail).substr(0, static_cast<size_t>(std::max(columns, 0)));
}

}  // namespace

std::string clock_text(uint64_t seconds) {
  char out[40];
  const auto minutes = static_cast<unsigned>(seconds / 60 % 60);
  const auto rest = static_cast<unsigned>(seconds % 60);
  if (seconds >= 3600)
    std::snprintf(out, sizeof out, "%llu:%02u:%02u",
                  static_cast<unsigned long long>(seconds / 3600), minutes, rest);
  else
    std::snprintf(out, sizeof out, "%u:%02u", minutes, rest);
  return out;
}

std::string meter_line(std::string_view label, uint64_t done_bytes, uint64_t total_bytes,
                       double bytes_per_s, int columns) {
  const std::string head = std::string(label) + "  " + percent_text(done_bytes, total_bytes);
  std::string tail = "  " + size_text(done_bytes) + " of " + size_text(total_bytes);
  if (bytes_per_s > 0) {
    const uint64_t left = total_bytes - std::min(done_bytes, total_bytes);
    tail += "  " + size_text(static_cast<uint64_t>(bytes_per_s)) + "/s  " +
            left_text(static_cast<double>(left) / bytes_per_s);
  }
  return with_bar(head, tail, done_bytes, total_bytes, columns);
}

std::string speech_line(std::string_view label, uint64_t done_s, uint64_t total_s,
                        double seconds_per_s, int columns) {
  const std::string head = std::string(label) + "  " + percent_text(done_s, total_s);
  std::string tail = "  " + clock_text(done_s) + " of " + clock_text(total_s);
  if (seconds_per_s > 0)
    tail +=
        "  " + left_text(static_cast<double>(total_s - std::min(done_s, total_s)) / seconds_per_s);
  return with_bar(head, tail, done_s, total_s, columns);
}

int terminal_columns(FILE* out) {
  if (!isatty(fileno(out))) return 0;
  winsize size{};
  const bool known = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  // The last column stays free: some terminals wrap once it is written.
  return known ? size.ws_col - 1 : 79;
}

Progress::Progress(FILE* out, int columns, bool quiet)
    : out_(out), columns_(columns), quiet_(quiet) {}

Progress::~Progress() {
  end();
}

void Progress::draw(std::string_view text) {
  if (drawn_) std::fputs("\r\x1b[K", out_);
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
  drawn_ = !text.empty();
}

void Progress::line(std::string_view text) {
  if (drawn_) draw("");
  std::fprintf(out_, "%.*s\n", static_cast<int>(text.size()), text.data());
  std::fflush(out_);
}

std::string Progress::meter(uint64_t done) const {
  return (speech_ ? speech_line : meter_line)(label_, done, total_bytes_, bytes_per_s_, columns_);
}

void Progress::reset(std::string_view label, uint64_t total, uint64_t done, bool speech) {
  end();
  speech_ = speech;
  label_ = label;
  total_bytes_ = total;
  measured_bytes_ = done;
  measured_at_ = drawn_at_ = Clock::now();
  bytes_per_s_ = 0;
  quarters_ = total ? 4 * done / total : 0;
}

void Progress::begin_speech(std::string_view label, uint64_t total_s) {
  reset(label, total_s, 0, /*speech=*/true);
  if (quiet_) return;
  columns_ > 0 ? draw(meter(0)) : line(text(label_, ": ", clock_text(total_s), " of speech"));
}

void Progress::begin_work(std::string_view label) {
  end();
  if (quiet_) return;
  columns_ > 0 ? draw(label.substr(0, static_cast<size_t>(columns_))) : line(label);
}

void Progress::begin(std::string_view label, uint64_t total_bytes, uint64_t done_bytes) {
  reset(label, total_bytes, done_bytes, /*speech=*/false);
  if (quiet_) return;
  if (columns_ > 0) {
    draw(meter(done_bytes));
  } else if (total_bytes >= kLargeBytes) {
    line(text(label_, ": ", size_text(total_bytes)));
  }
}

void Progress::measure(uint64_t done_bytes, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - measured_at_).count();
  if (done_bytes < measured_bytes_) measured_bytes_ = done_bytes;  // began anew
  if (seconds < kMeasureSeconds) return;
  const double current = static_cast<double>(done_bytes - measured_bytes_) / seconds;
  bytes_per_s_ = bytes_per_s_ > 0 ? 0.7 * bytes_per_s_ + 0.3 * current : current;
  measured_bytes_ = done_bytes;
  measured_at_ = now;
}

void Progress::update(uint64_t done_bytes) {
  if (quiet_) return;
  done_bytes = std::min(done_bytes, total_bytes_);
  const auto now = Clock::now();
  measure(done_bytes, now);
  if (columns_ > 0) {
    if (now - drawn_at_ < kRedraw) return;
    drawn_at_ = now;
    draw(meter(done_bytes));
    return;
  }
  const uint64_t quarters = total_bytes_ ? 4 * done_bytes / total_bytes_ : 0;
  const bool small = !speech_ && total_bytes_ < kLargeBytes;
  if (small || quarters <= quarters_ || now - drawn_at_ < kLinePause) return;
  quarters_ = quarters;
  drawn_at_ = now;
  line(meter(done_bytes));
}

void Progress::end() {
  if (drawn_) draw("");
}

}  // namespace npu::models
