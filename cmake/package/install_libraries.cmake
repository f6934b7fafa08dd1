# install_libraries.cmake - runs at install time: copies the libraries that the program needs, without
# libtorch and what every Linux has, and the licences that they come with.
set(prefix "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
set(licences "${prefix}/share/doc/ip2p/licences")

# The build machine's C library, compiler runtime and libtorch are not ours to ship.
file(GET_RUNTIME_DEPENDENCIES
  EXECUTABLES "${program}"
  RESOLVED_DEPENDENCIES_VAR libraries
  PRE_EXCLUDE_REGEXES ^ld-linux "^lib(c|m|dl|rt|util|pthread|resolv|stdc\\+\\+|gcc_s|gomp)\\.so" "^lib(torch|c10)")

# Debian and Ubuntu give every package's licences in one place.
function(install_licence package)
  if(NOT EXISTS "/usr/share/doc/${package}/copyright")
    message(FATAL_ERROR "/usr/share/doc/${package} has no copyright file; "
      "the package's libraries cannot be passed on without their licence")
  endif()
  file(COPY_FILE "/usr/share/doc/${package}/copyright" "${licences}/${package}.txt" ONLY_IF_DIFFERENT)
endfunction()

# The package that a library is from: "package: /its/path" in the lines of `owners`. It is looked for by
# the end of its path, as /lib is a link to /usr/lib and packages say either.
function(package_of file result)
  get_filename_component(name "${file}" NAME)
  string(REPLACE "+" "[+]" name "${name}")
  if(NOT owners MATCHES "(^|\n)([^:,\n]+)[^\n]*/${name}\n")
    message(FATAL_ERROR "${file} belongs to no Debian package, so its licence is not known; "
      "build the program with the packages of scripts/debian-packages.txt")
  endif()
  set(${result} ${CMAKE_MATCH_2} PARENT_SCOPE)
endfunction()

set(patterns)
foreach(library IN LISTS libraries)
  file(REAL_PATH "${library}" file)
  get_filename_component(name "${file}" NAME)
  list(APPEND patterns "*/${name}")
endforeach()
execute_process(COMMAND dpkg-query -S ${patterns} OUTPUT_VARIABLE owners ERROR_QUIET)

file(MAKE_DIRECTORY "${licences}" "${prefix}/lib/ip2p")
foreach(library IN LISTS libraries)
  get_filename_component(name "${library}" NAME)
  set(target "${prefix}/lib/ip2p/${name}")
  if(name MATCHES "^libjbig\\.so")  # under the GPL
    file(COPY_FILE "${jbig_stub}" "${target}" ONLY_IF_DIFFERENT)
  else()
    # The file itself under the name that is asked for: links would be lost on some file systems.
    file(REAL_PATH "${library}" file)
    file(COPY_FILE "${file}" "${target}" ONLY_IF_DIFFERENT)
    package_of("${file}" package)
    install_licence("${package}")
    list(APPEND packages ${package})
  endif()
  file(CHMOD "${target}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  message(STATUS "Installing: ${target}")
endforeach()

# What is compiled into the program, and the licences that the others refer to.
foreach(package nlohmann-json3-dev libcli11-dev)
  install_licence(${package})
  list(APPEND packages ${package})
endforeach()
file(COPY_FILE "${sentencepiece_licence}" "${licences}/sentencepiece.txt" ONLY_IF_DIFFERENT)
foreach(licence Apache-2.0 LGPL-2.1 GPL-3)
  file(COPY_FILE "/usr/share/common-licenses/${licence}" "${licences}/${licence}.txt" ONLY_IF_DIFFERENT)
endforeach()

# Which sources the libraries are from, for whoever wants to build one of them again.
list(REMOVE_DUPLICATES packages)
execute_process(COMMAND dpkg-query -W -f "\${Package} \${Version} (source: \${source:Package} \${source:Version})\n"
  ${packages} OUTPUT_FILE "${licences}/packages.txt" COMMAND_ERROR_IS_FATAL ANY)

execute_process(COMMAND "${strip}" "${prefix}/libexec/ip2p/ip2p" COMMAND_ERROR_IS_FATAL ANY)
