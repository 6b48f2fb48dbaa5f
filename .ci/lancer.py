"""Set everything up in .venv, then run one command there: `python .ci/lancer.py demo` or `... test`.

Standard library only: this is what runs on a machine that has Python and nothing else.
Nothing is re-installed while requirements.lock and pyproject.toml stay the same.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "empreinte.txt"
COMMANDS = {
    "demo": ["impact", "demo"],
    "test": ["pytest", "--nbval-lax", "--numprocesses=2", "--dist=loadfile"],
    "installer": ["impact", "--version"],
}


def fingerprint() -> str:
    """Hash of all that decides what is installed."""
    inputs = [ROOT / "requirements.lock", ROOT / "pyproject.toml"]
    content = b"".join(path.read_bytes() for path in inputs) + sys.version.encode() + str(ROOT).encode()
    return hashlib.sha256(content).hexdigest()


def install() -> None:
    """Create .venv and install the exact, hash-checked packages of requirements.lock."""
    if STAMP.exists() and STAMP.read_text() == fingerprint():
        return
    print("Installation des outils dans .venv (quelques minutes, une seule fois)…", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("Python est installé sans « venv ». Sous Debian ou Ubuntu : sudo apt install python3-venv")
    pip = [str(BIN / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], check=True)
    STAMP.write_text(fingerprint())


def main() -> int:
    """Install, then run the asked command, passing the other words on to it."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older Python is told
        sys.exit(f"Il faut Python 3.11 ou plus récent ; celui-ci est {sys.version.split()[0]}.")
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"Usage : python .ci/lancer.py {{{'|'.join(COMMANDS)}}} [options]")
    try:
        install()
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"L'installation a échoué (code {error.returncode}). Vérifier la connexion, puis relancer la commande."
        )
    program, *options = COMMANDS[sys.argv[1]]
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    try:
        return subprocess.run([str(BIN / program), *options, *sys.argv[2:]], cwd=ROOT).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
