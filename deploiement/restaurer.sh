#!/bin/sh
# Remettre une sauvegarde : restaurer.sh ARCHIVE PHRASE DOSSIER
# DOSSIER ne doit contenir ni « cles » ni « sorties » : rien n’est écrasé.
set -eu
umask 077
if [ -e "$3/cles" ] || [ -e "$3/sorties" ]; then
  echo "$3 contient déjà des clés ou des résultats : les mettre de côté d’abord." >&2
  exit 1
fi
travail=$(mktemp -d)
trap 'rm -rf "$travail"' EXIT
gpg --batch --quiet --pinentry-mode loopback --passphrase-file "$2" --decrypt --output "$travail/impact.tar" "$1"
tar --extract --preserve-permissions --file "$travail/impact.tar" --directory "$3"
echo "Remis dans $3. Vérifier : impact servir CAMPAGNE --sorties $3/sorties --verifier"
