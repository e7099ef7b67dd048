// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audio_file.h"

#include <fcntl.h>
#include <sndfile.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

extern char** environ;

namespace npu::testing {
namespace {

std::vector<float> to_floats(std::span<const int16_t> samples) {
  std::vector<float> floats;
  floats.reserve(samples.size());
  for (const int16_t sample : samples) floats.push_back(static_cast<float>(sample) / 32768.0F);
  return floats;
}

bool is_lossless(int format) {
  const int container = format & SF_FORMAT_TYPEMASK;
  return (container == SF_FORMAT_WAV || container == SF_FORMAT_FLAC) &&
         (format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_16;
}

// nullopt if the file is of another kind.
std::optional<std::vector<float>> read_lossless(const std::filesystem::path& path) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, decltype(&sf_close)> file(sf_open(path.c_str(), SFM_READ, &info),
                                                           sf_close);
  if (!file || !is_lossless(info.format) || info.samplerate != 16000 || info.channels != 1)
    return std::nullopt;
  std::vector<int16_t> samples(static_cast<size_t>(info.frames));
  const sf_count_t found = sf_read_short(file.get(), samples.data(), info.frames);
  samples.resize(static_cast<size_t>(std::max<sf_count_t>(found, 0)));
  return to_floats(samples);
}

// What a program writes to its standard output.
Result<std::vector<uint8_t>> output_of(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error{ErrorCode::kIo, "cannot make a pipe"};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failure =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::vector<uint8_t> bytes;
  std::vector<uint8_t> block(1 << 16);
  for (ssize_t count; failure == 0 && (count = read(ends[0], block.data(), block.size())) > 0;)
    bytes.insert(bytes.end(), block.begin(), block.begin() + count);
  close(ends[0]);
  if (failure != 0) return Error{ErrorCode::kIo, text("cannot run ", command[0])};
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Error{ErrorCode::kIo, text(command[0], " failed with status ", status)};
  return bytes;
}

}  // namespace

Result<Audio> read_audio(const std::filesystem::path& path) {
  if (auto samples = read_lossless(path)) return Audio{std::move(*samples), true};
  auto bytes = output_of({"ffmpeg", "-nostdin", "-threads", "0", "-i", path.string(), "-f", "s16le",
                          "-ac", "1", "-acodec", "pcm_s16le", "-ar", "16000", "-"});
  if (!bytes) return Error{bytes.error().code, text(path.string(), ": ", bytes.error().message)};
  std::vector<int16_t> samples(bytes->size() / 2);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<int16_t>((*bytes)[2 * i] | (*bytes)[2 * i + 1] << 8);
  return Audio{to_floats(samples), false};
}

}  // namespace npu::testing
