#!/bin/sh
# Sauvegarder les clés, les résultats publiés et les accès : sauvegarder.sh DOSSIER PHRASE ARCHIVE
# DOSSIER contient « cles » et « sorties » (/var/lib/impact) ; PHRASE est le fichier de la phrase secrète qui chiffre
# l’archive, à garder ailleurs qu’elle. Qui lirait l’archive en clair lirait tous les résultats et ferait des liens.
set -eu
umask 077
travail=$(mktemp -d)
trap 'rm -rf "$travail"' EXIT
tar --create --file "$travail/impact.tar" --directory "$1" cles sorties
gpg --batch --quiet --pinentry-mode loopback --passphrase-file "$2" --symmetric --output "$travail/chiffre" "$travail/impact.tar"
mv "$travail/chiffre" "$3"
echo "Sauvegardé dans $3"
