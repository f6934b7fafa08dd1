# packaging.cmake - what `cmake --install` and `cpack` write: a folder that runs from any place on any
# x86-64 Linux of the same age or younger, given libtorch (cmake/package/launcher.sh.in finds that).
#
#   bin/ip2p               the launcher
#   libexec/ip2p/ip2p      the program
#   lib/ip2p/              its libraries
#   share/ip2p/            the demo bundle, the exporter
#   share/doc/ip2p/        licences

# DT_RPATH rather than RUNPATH: it also counts for the libraries that our libraries need, which have no
# path of their own. So neither must they be patched, nor must the launcher put their folder into
# LD_LIBRARY_PATH, where they would get into python3 and whatever else is started from there.
target_link_options(ip2p PRIVATE LINKER:--disable-new-dtags)
set_target_properties(ip2p PROPERTIES INSTALL_RPATH "$ORIGIN/../../lib/ip2p")
install(TARGETS ip2p DESTINATION libexec/ip2p)

# What several processes speak through is opened by name, so nothing finds it by following the program's
# needs. MPI itself stays out: it must be the one of the machine's mpirun and of its network.
foreach(module ip2p_mpi ip2p_nccl)
  if(TARGET ${module})
    install(TARGETS ${module} LIBRARY DESTINATION lib/ip2p)
  endif()
endforeach()

file(STRINGS ${IP2P_TORCH}/include/torch/headeronly/version.h torch_numbers REGEX "TORCH_VERSION_M[AI][JN]OR [0-9]+")
string(REGEX REPLACE "[^0-9;]" "" torch_numbers "${torch_numbers}")
list(JOIN torch_numbers . IP2P_TORCH_VERSION)
configure_file(cmake/package/launcher.sh.in ${PROJECT_BINARY_DIR}/package/ip2p @ONLY
  FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(PROGRAMS ${PROJECT_BINARY_DIR}/package/ip2p DESTINATION bin)

add_library(ip2p_jbig_stub SHARED cmake/package/jbig_stub.c)
set_target_properties(ip2p_jbig_stub PROPERTIES
  OUTPUT_NAME jbig SOVERSION 0 LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/package)
add_dependencies(ip2p ip2p_jbig_stub)

install(CODE "
  set(program \"$<TARGET_FILE:ip2p>\")
  set(jbig_stub \"$<TARGET_FILE:ip2p_jbig_stub>\")
  set(sentencepiece_licence \"${ip2p_native}/sentencepiece/LICENSE\")
  set(strip \"${CMAKE_STRIP}\")")
install(SCRIPT cmake/package/install_libraries.cmake)

# The exporter, for a machine that has the tarball and diffusers. It reads the version from the header,
# which stands where it stands here, seen from the scripts.
install(DIRECTORY scripts/bundle_export DESTINATION share/ip2p/scripts FILES_MATCHING PATTERN *.py)
install(PROGRAMS scripts/export_bundle.py scripts/export_clip.py scripts/bundle_to_diffusers.py scripts/make_tiny_bundle.py
  DESTINATION share/ip2p/scripts)
install(FILES include/ip2p/version.h DESTINATION share/ip2p/include/ip2p)
install(DIRECTORY models/demo DESTINATION share/ip2p/models OPTIONAL)
install(FILES README.md LICENSE THIRD_PARTY.md docs/install.md DESTINATION share/doc/ip2p)
install(DIRECTORY cmake/package/licences DESTINATION share/doc/ip2p)

# What is packed is what was built, as with `cmake --install`; otherwise cpack would build the tests too.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(CPACK_GENERATOR TGZ)
string(TOLOWER ${CMAKE_SYSTEM_NAME} system)
set(CPACK_PACKAGE_FILE_NAME ip2p-${PROJECT_VERSION}-${system}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
