# embed_text.cmake - text files, one after another, as a C++ literal in a file to #include.
#   cmake -D out=FILE -D in=FILE,FILE... -P embed_text.cmake
string(REPLACE "," ";" files "${in}")
set(literals "")
foreach(file ${files})
  file(READ "${file}" words)
  # What follows R" in the files themselves would have to be )ip2p" to end the literal.
  string(APPEND literals "R\"ip2p(${words})ip2p\"\n")
endforeach()
file(WRITE "${out}" "${literals}")
