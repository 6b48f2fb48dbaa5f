"""Set everything up in .venv, then run one command there: `python .ci/lancer.py demo` or `... test`.

Standard library only: this is what runs on a machine that has Python and nothing else.
Nothing is re-installed while the locks and pyproject.toml stay the same. The tests need more than the workbench: the
engines for millions of answers (requirements-moteurs.lock, Spark is heavy).
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
LOCK, ENGINES = ROOT / "requirements.lock", ROOT / "requirements-moteurs.lock"
COMMANDS = {
    "demo": ["impact", "demo"],
    "test": ["pytest", "--nbval-lax", "--numprocesses=2", "--dist=loadfile"],
    "installer": ["impact", "--version"],
}


def fingerprint(lock: Path) -> str:
    """Hash of all that decides what is installed."""
    content = lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + sys.version.encode() + str(ROOT).encode()
    return hashlib.sha256(content).hexdigest()


def install(*, engines: bool) -> None:
    """Create .venv and install the exact, hash-checked packages of requirements.lock, then those of the engines."""
    done = STAMP.read_text().split() if STAMP.exists() else []
    base, more = fingerprint(LOCK), fingerprint(ENGINES)
    if base not in done:
        print("Installation des outils dans .venv (quelques minutes, une seule fois)…", flush=True)
        try:
            venv.create(VENV, with_pip=True, clear=True)
        except subprocess.CalledProcessError:
            sys.exit("Python est installé sans « venv ». Sous Debian ou Ubuntu : sudo apt install python3-venv")
        pip("--require-hashes", "-r", str(LOCK))
        pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
        done = [base]
        STAMP.write_text(base)
    if engines and more not in done:
        print("Installation des moteurs de calcul pour les tests (une seule fois)…", flush=True)
        pip("--require-hashes", "-r", str(ENGINES))
        STAMP.write_text("\n".join([*done, more]))


def pip(*words: str) -> None:
    command = [str(BIN / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True)


def main() -> int:
    """Install, then run the asked command, passing the other words on to it."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older Python is told
        sys.exit(f"Il faut Python 3.11 ou plus récent ; celui-ci est {sys.version.split()[0]}.")
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"Usage : python .ci/lancer.py {{{'|'.join(COMMANDS)}}} [options]")
    try:
        install(engines=sys.argv[1] == "test")
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
