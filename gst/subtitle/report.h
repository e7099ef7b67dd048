// SPDX-License-Identifier: LGPL-2.1-or-later
// What people see while files are worked on: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>

#include "subtitle/progress_line.h"

namespace npu::subtitle {

// Where the lines go, a text without meaning of its own at a time.
using TextSink = std::function<void(std::string_view)>;

class FileReport;

// Thread-safe; `sink` is called with a lock held, by one thread at a time.
class Report {
 public:
  // terminal: columns > 0; plain lines otherwise. `quiet` prints errors only. `total`: files.
  Report(TextSink sink, int columns, bool quiet, size_t total);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // Prints a line that stays.
  void line(std::string_view text);
  // The same, also if quiet, with the name of the command before it.
  void error(std::string_view text);
  // A line of the run as a whole, which several pipelines may want to say: only the first is
  // printed ("Loaded ...").
  void once(std::string_view text);

 private:
  friend class FileReport;
  struct Entry {
    ActiveFile file;
    size_t number;        // from 1, in the order of their beginnings
    std::string status;   // in place of the figures: "loading the model"
    int shown_steps = 0;  // of plain output
  };
  using Entries = std::list<Entry>;

  Entries::iterator begin(const std::string& name);
  void end(Entries::iterator entry);
  void draw();
  void print(std::string_view text);
  void show_plain(Entry& entry);

  const TextSink sink_;
  const int columns_;
  const bool quiet_;
  const size_t total_;
  std::mutex mutex_;  // guards the rest
  Entries entries_;
  size_t begun_ = 0;
  bool drawn_ = false;
  std::string said_once_;
};

// One file of it, from begin to end. One thread.
class FileReport {
 public:
  FileReport(Report& report, const std::string& name);
  ~FileReport();
  FileReport(const FileReport&) = delete;
  FileReport& operator=(const FileReport&) = delete;

  // What follows is "embedding", "burning"; empty: listening.
  void stage(std::string_view name);
  // Shows `state`: on a terminal at every call, in plain text at every tenth of the duration, or
  // every ten minutes of it if that is not known.
  void update(const ProgressState& state);
  // Shows a short text where the bar is, until the next update: "loading the model".
  void status(std::string_view text);
  // Prints a line about this file that stays.
  void line(std::string_view text);
  void once(std::string_view text) { report_.once(text); }

 private:
  Report& report_;
  const Report::Entries::iterator entry_;
};

}  // namespace npu::subtitle
