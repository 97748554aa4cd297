"""stub"""
def shoot_mails(browser, folder):
    return 0
