// SPDX-License-Identifier: LGPL-2.1-or-later
#include "subtitle/report.h"

#include <cmath>
#include <filesystem>

namespace npu::subtitle {
namespace {

constexpr int kPlainSteps = 10;
constexpr double kPlainStepWithoutDuration_s = 600;

}  // namespace

Report::Report(TextSink sink, int columns, bool quiet, size_t total)
    : sink_(std::move(sink)), columns_(columns), quiet_(quiet), total_(total) {}

Report::~Report() {
  if (drawn_) sink_("\r\x1B[K");
}

void Report::print(std::string_view text) {
  if (drawn_) sink_("\r\x1B[K");
  drawn_ = false;
  sink_(std::string(text) + "\n");
  if (columns_ > 0 && !quiet_) draw();
}

void Report::line(std::string_view text) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  print(text);
}

void Report::error(std::string_view text) {
  const std::lock_guard lock(mutex_);
  print("npusubtitle: " + std::string(text));
}

void Report::once(std::string_view text) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  if (said_once_ == text) return;
  said_once_ = text;
  print(text);
}

Report::Entries::iterator Report::begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  ++begun_;
  return entries_.insert(
      entries_.end(), {{std::filesystem::path(name).filename().string(), "", {}}, begun_, "", 0});
}

void Report::end(Entries::iterator entry) {
  const std::lock_guard lock(mutex_);
  entries_.erase(entry);
  if (drawn_) sink_("\r\x1B[K");
  drawn_ = false;
}

void Report::draw() {
  if (entries_.empty()) return;
  std::string text;
  if (entries_.size() == 1 && !entries_.front().status.empty()) {
    text = cut_to_columns(entries_.front().status, columns_ - 1);
  } else {
    std::vector<ActiveFile> files;
    for (const Entry& entry : entries_) files.push_back(entry.file);
    text = run_line(files, begun_, total_, columns_ - 1);
  }
  sink_("\r" + text + "\x1B[K");
  drawn_ = true;
}

void Report::show_plain(Entry& entry) {
  const ProgressState& state = entry.file.state;
  const int steps =
      state.duration_s > 0
          ? static_cast<int>(std::floor(fraction_of(state) * kPlainSteps))
          : static_cast<int>(std::floor(state.position_s / kPlainStepWithoutDuration_s));
  if (steps <= entry.shown_steps) return;
  entry.shown_steps = steps;
  print(run_line({entry.file}, entry.number, total_, 0));
}

FileReport::FileReport(Report& report, const std::string& name)
    : report_(report), entry_(report.begin(name)) {}

FileReport::~FileReport() {
  report_.end(entry_);
}

void FileReport::stage(std::string_view name) {
  const std::lock_guard lock(report_.mutex_);
  entry_->file.stage = name;
  entry_->file.state = {};
  entry_->shown_steps = 0;
}

void FileReport::update(const ProgressState& state) {
  if (report_.quiet_) return;
  const std::lock_guard lock(report_.mutex_);
  entry_->file.state = state;
  entry_->status.clear();
  report_.columns_ > 0 ? report_.draw() : report_.show_plain(*entry_);
}

void FileReport::status(std::string_view text) {
  if (report_.quiet_ || report_.columns_ <= 0) return;
  const std::lock_guard lock(report_.mutex_);
  entry_->status = text;
  report_.draw();
}

void FileReport::line(std::string_view text) {
  report_.line(entry_->file.name + ": " + std::string(text));
}

}  // namespace npu::subtitle
