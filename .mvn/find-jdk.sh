# Sourced by mvnw and lookalike. find_jdk MIN exports JAVA_HOME of a JDK whose version is at least MIN:
# JAVA_HOME, then the java on the PATH, then the usual places. Says what to install when there is none.

# jdk_version HOME: the feature version (25, 26, ...) of the JDK at HOME; nothing if it has no compiler.
jdk_version() {
  [ -x "$1/bin/javac" ] && [ -f "$1/release" ] &&
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

find_jdk() {
  on_path=$(command -v java 2>/dev/null || true)
  [ -n "$on_path" ] && on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
  for home in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /opt/java/* /opt/jdk* \
    "$HOME"/.sdkman/candidates/java/current "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/*; do
    [ -n "$home" ] && [ -d "$home" ] || continue
    version=$(jdk_version "$home" || true)
    if [ -n "$version" ] && [ "$version" -ge "$1" ]; then
      JAVA_HOME=$home
      export JAVA_HOME
      return 0
    fi
  done
  echo "No JDK >= $1 found in JAVA_HOME, on the PATH or under /usr/lib/jvm. Install one, for example" >&2
  echo "temurin-$1-jdk or openjdk-$1-jdk-headless, or set JAVA_HOME." >&2
  return 1
}

# Java takes the encoding of file names from the locale; in the POSIX locale it refuses all but ASCII.
case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
  *[Uu][Tt][Ff]*) ;;
  *) LC_ALL=C.UTF-8; export LC_ALL ;;
esac
