from telefonistka_py.cli.main import main

main()
