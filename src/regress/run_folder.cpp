// run_folder.cpp - a folder in the folder, moved out of picture by picture at the end.
#include "ip2p/regress/run_folder.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>

#include "ip2p/base/error.h"
#include "ip2p/base/folders.h"

namespace ip2p {
namespace {

Descriptor locked(const fs::path& folder) {
  make_folder(folder);
  const fs::path path = folder / ".lock";
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK)
    throw Error(Exit::file, text("another run is at work in ", folder,
                                 "; wait for it to end, or name another folder with --out"));
  throw Error(Exit::file, text("cannot lock ", path, ": ", std::generic_category().message(errno)));
}

void check(const std::error_code& failed, const char* what, const fs::path& path) {
  if (failed) throw Error(Exit::file, text("cannot ", what, ' ', path, ": ", failed.message()));
}

void remove_folder(const fs::path& folder) {
  std::error_code failed;
  fs::remove_all(folder, failed);
  check(failed, "remove", folder);
}

}  // namespace

RunFolder::RunFolder(fs::path folder) : folder_(std::move(folder)), lock_(locked(folder_)) {
  remove_folder(making());  // of a run that was killed
}

RunFolder::~RunFolder() {
  std::error_code stays;  // the next run removes it
  fs::remove_all(making(), stays);
}

fs::path RunFolder::making(std::size_t time) const {
  const fs::path folder = time == 1 ? making() : making() / text("repeat-", time);
  make_folder(folder);
  return folder;
}

void RunFolder::keep(std::vector<CaseResult>& results) const {
  std::vector<fs::path> pictures;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(making(), failed), end; !failed && entry != end;
       entry.increment(failed))
    if (entry->path().extension() == ".png")
      pictures.push_back(entry->path().lexically_relative(making()));
  check(failed, "look into", making());
  for (const fs::path& picture : pictures) {
    make_folder((folder_ / picture).parent_path());
    fs::rename(making() / picture, folder_ / picture, failed);
    check(failed, "write", folder_ / picture);
  }
  const auto tell = [this](fs::path& path) {
    const fs::path below = path.lexically_relative(making());
    if (!below.empty() && *below.begin() != "..") path = folder_ / below;
  };
  for (CaseResult& result : results) {
    tell(result.picture);
    tell(result.verdict.reference);
  }
}

}  // namespace ip2p
