import Studio

print("reprise")
